/** Small documents as a gmond writes them. */

export interface XmlHost {
  readonly name: string;
  readonly ip?: string;
  readonly tn?: number;
  /** Values of type float by metric. */
  readonly metrics?: Readonly<Record<string, number | string>>;
}

/** @param localtimeS the writer's clock, epoch seconds */
export function gmondDocument(cluster: string, localtimeS: number, hosts: readonly XmlHost[]): string {
  return [
    '<?xml version="1.0" encoding="ISO-8859-1" standalone="yes"?>',
    '<GANGLIA_XML VERSION="3.7.2" SOURCE="gmond">',
    `<CLUSTER NAME="${cluster}" LOCALTIME="${localtimeS}" OWNER="unspecified" LATLONG="unspecified" URL="unspecified">`,
    ...hosts.map((host) => hostElement(host, localtimeS)),
    "</CLUSTER>",
    "</GANGLIA_XML>",
    "",
  ].join("\n");
}

function hostElement({ name, ip = name, tn = 0, metrics = { load_one: "0.50" } }: XmlHost, localtimeS: number): string {
  const elements = Object.entries(metrics).map(([metric, value]) => metricElement(metric, value));
  return [
    `<HOST NAME="${name}" IP="${ip}" TAGS="" REPORTED="${localtimeS - tn}" TN="${tn}" TMAX="20" DMAX="0"` +
      ` LOCATION="unspecified" GMOND_STARTED="1700000000">`,
    ...elements,
    "</HOST>",
  ].join("\n");
}

function metricElement(metric: string, value: number | string): string {
  return [
    `<METRIC NAME="${metric}" VAL="${value}" TYPE="float" UNITS=" " TN="0" TMAX="70" DMAX="0" SLOPE="both">`,
    '<EXTRA_DATA>\n<EXTRA_ELEMENT NAME="GROUP" VAL="load"/>\n</EXTRA_DATA>',
    "</METRIC>",
  ].join("\n");
}
