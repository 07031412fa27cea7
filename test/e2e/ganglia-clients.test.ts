/**
 * Who reads a gmetad reads us: gstat, a gmetad, ganglia-web's questions, and a peer on another machine over TLS.
 * Everything is compared with a real gmetad that polls the same gmonds at the same time.
 *
 *   gmond x 3 (cluster "the rig") ──► gmetad G ──► grate Y
 *        │
 *        └──► grate X (TLS for other machines) ──► gstat, gmetad U on the same machine; grate Z over TLS
 *   our sensor (cluster "own") ──────────────────► gmetad U
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findProgram } from "../setup/peers.mjs";
import { type CertificateFiles, makeAuthority } from "../support/certificates.js";
import { comparable, type Element, elements, tree } from "../support/ganglia-tree.js";
import { describeWithPeers } from "../support/peer-test.js";
import { ask } from "../support/rig/ask.js";
import { eventually } from "../support/rig/eventually.js";
import { startGmetad } from "../support/rig/gmetad.js";
import { gmetric, gmondConfig, startGmondGroup } from "../support/rig/gmond.js";
import { startGrate, writeConfig } from "../support/rig/grate.js";
import { BRIDGE_ADDRESS, makeRig, type Rig } from "../support/rig/namespaces.js";
import { type Running, runProcess } from "../support/rig/process.js";

const HOSTS = ["10.77.0.11", "10.77.0.12", "10.77.0.13"];
const CLUSTER = "the rig";
/** As gmond's documents count 39 metrics of a host, and one that we send by gmetric. */
const METRICS = 40;

describeWithPeers("Ganglia's own clients", ["gmond", "gmetric", "gmetad", "gstat", "openssl", "ip"], () => {
  const folder = mkdtempSync(join(tmpdir(), "grate-clients-"));
  const running: Running[] = [];
  let rig: Rig;
  let client: CertificateFiles;
  let stranger: CertificateFiles;
  let ca: string;

  const place = (number: number) => rig.hosts[number] as Rig["hosts"][number];
  const start = (process: Running) => {
    running.push(process);
    return process;
  };
  const askGmetadG = async (line: string) => tree(await ask(rig.bridge, place(3).address, 8652, line));
  const askGmetadU = async (line: string) => tree(await ask(rig.bridge, "127.0.0.1", 8652, line));
  const askUs = async (line: string, port = 8662) => tree(await ask(rig.bridge, "127.0.0.1", port, line));

  function startCollector(name: string, at: string, config: string): void {
    const file = writeConfig(folder, config, `${name}.yaml`);
    const args = ["collector", "-c", file, "--state", join(folder, `state-${name}`)];
    start(startGrate(args, { namespace: at }));
  }

  beforeAll(async () => {
    rig = makeRig(6);
    const authority = makeAuthority(folder, "ours");
    ca = authority.ca;
    const server = authority.sign("server");
    client = authority.sign("client");
    stranger = makeAuthority(folder, "theirs").sign("client");

    const gmondFile = gmondConfig(folder, CLUSTER);
    running.push(...(await startGmondGroup(rig, rig.hosts.slice(0, 3), gmondFile)));
    start(startGmetad(place(3).namespace, folder, { grid: "G", sources: { rig: `${place(0).address}:8649` } }));
    const own = "sources:\n  - { name: self, type: sensor, cluster: own, host: own1, every: 20s }\n";
    const sensor = ["sensor", "-c", writeConfig(folder, own, "sensor.yaml"), "--listen", "0.0.0.0:8649"];
    start(startGrate(sensor, { namespace: place(5).namespace }));
    startCollector(
      "X",
      rig.bridge,
      `
sources:
  - { name: rig, type: ganglia-xml, every: 1s, address: "${place(0).address}:8649" }
serve:
  dump: 0.0.0.0:8661
  query: 0.0.0.0:8662
  allow: [10.77.0.0/24]
  grid: G
  authority: http://G.example.org/ganglia/
  tls: { cert: ${server.cert}, key: ${server.key}, ca: ${ca} }
`,
    );
    startCollector(
      "Y",
      rig.bridge,
      `
sources:
  - { name: gmetad, type: ganglia-xml, every: 1s, address: "${place(3).address}:8651" }
serve: { dump: "127.0.0.1:8671", query: "127.0.0.1:8672", control: "127.0.0.1:8673", grid: G, authority: "http://G.example.org/ganglia/" }
`,
    );
    startCollector(
      "Z",
      place(4).namespace,
      `
sources:
  - { name: above, type: ganglia-xml, every: 1s, address: "${BRIDGE_ADDRESS}:8661", tls: { cert: ${client.cert}, key: ${client.key}, ca: ${ca}, server-name: server } }
serve: { dump: "0.0.0.0:8661", query: "0.0.0.0:8662", allow: [10.77.0.0/24] }
`,
    );
    startCollector(
      "N",
      place(5).namespace,
      `
sources:
  - { name: rig, type: ganglia-xml, every: 1s, address: "${place(3).address}:8651" }
serve: { dump: "0.0.0.0:8661", query: "0.0.0.0:8662", allow: ["${place(0).address}/32"] }
`,
    );
    start(startGmetad(place(4).namespace, folder, { grid: "S", sources: { z: "127.0.0.1:8661" }, scalable: "off" }));
    const sources = { x: "127.0.0.1:8661", own: `${place(5).address}:8649` };
    start(startGmetad(rig.bridge, folder, { grid: "U", sources }));
    await eventually("three hosts with all their metrics everywhere", 90_000, async () => {
      // Told again each time: what gmetric says once is lost on a gmond that has not joined the group yet.
      for (let i = 0; i < 3; i++) {
        const words = { name: "room temp", value: `2${i}.5`, type: "float", units: "Celsius" };
        await gmetric(place(i).namespace, gmondFile, words);
      }
      for (const document of [await askGmetadG("/"), await askUs("/"), await askUs("/", 8672)]) {
        const names = [...elements(document, "HOST")].map(({ attributes }) => attributes.NAME);
        expect(names.sort()).toEqual(HOSTS);
        expect([...elements(document, "METRIC")].length).toBe(3 * METRICS);
      }
    });
  });

  afterAll(async () => {
    for (const process of running.reverse()) await process.end();
    rig?.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  describe("gstat", () => {
    const gstat = (namespace: string, port: number, ...flags: string[]) =>
      runProcess(findProgram("gstat") ?? "gstat", ["-i", "127.0.0.1", "-p", String(port), ...flags], { namespace });
    const listed = (text: string) => HOSTS.map((host) => text.split("\n").filter((line) => line.includes(host)).length);

    test("finds no host up at a real gmetad, whose attributes stand in another order", async () => {
      const run = await gstat(place(3).namespace, 8651, "-a");
      expect(run.stdout).toMatch(/Hosts: 0\n[\s\S]*Dead Hosts: 3\n/);
      expect(run.stdout).toContain("There are no hosts up at this time");
    });

    test.each<[string, string[]]>([
      ["with headings", ["-a"]],
      ["as a list", ["-a", "-l"]],
      ["on single lines", ["-a", "-1"]],
      ["as a list of single lines", ["-a", "-l", "-1"]],
      ["by address", ["-a", "-n"]],
      ["as a file for MPI", ["-a", "-m"]],
    ])("lists every live host of ours %s", async (_name, flags) => {
      const run = await gstat(rig.bridge, 8661, ...flags);
      expect(run.code).toBe(0);
      expect(listed(run.stdout)).toEqual([1, 1, 1]);
      if (!flags.includes("-l") && !flags.includes("-m")) {
        expect(run.stdout).toMatch(/Name: the rig\n *Hosts: 3\nGexec Hosts: 0\n *Dead Hosts: 0\n/);
      }
    });

    test("says of our hosts what it says of gmond's", async () => {
      await eventually("the same list", 30_000, async () => {
        const ours = (await gstat(rig.bridge, 8661, "-a", "-l", "-1")).stdout;
        const theirs = (await gstat(place(0).namespace, 8649, "-a", "-l", "-1")).stdout;
        expect(ours.trim().split("\n").sort()).toEqual(theirs.trim().split("\n").sort());
      });
    });

    test("counts CPUs of each host for MPI", async () => {
      const cpus = (await runProcess("nproc", ["--all"])).stdout.trim();
      const run = await gstat(rig.bridge, 8661, "-a", "-m");
      expect(run.stdout.trim().split("\n").sort()).toEqual(HOSTS.map((host) => `${host}:${cpus}`));
    });

    test("lists nobody as dead", async () => {
      expect(listed((await gstat(rig.bridge, 8661, "-d")).stdout)).toEqual([0, 0, 0]);
    });
  });

  describe("what ganglia-web asks is answered as gmetad answers it, element by element", () => {
    test.each([
      ["the front page", "/?filter=summary"],
      ["a cluster", `/${CLUSTER}`],
      ["a cluster in sums", `/${CLUSTER}?filter=summary`],
      ["a host", `/${CLUSTER}/${HOSTS[1]}`],
      ["search, views and checks", "/"],
      ["one metric", `/${CLUSTER}/${HOSTS[2]}/room temp`],
      ["a host that is not there", `/${CLUSTER}/nosuch`],
      ["a cluster that is not there", "/nosuch"],
    ])("%s: %s", async (_page, line) => {
      await sameAs(askGmetadG, askUs, line);
    });

    test.each(["/*/*/room temp", `/${CLUSTER}/nosuch`, "/nosuch", `/${CLUSTER}?filter=summary`, "//"])(
      "and in HTTP: %s",
      async (target) => {
        const [headers, bodies] = [new Set<string>(), [] as Element[]];
        await eventually("the same bodies", 30_000, async () => {
          bodies.length = 0;
          for (const [host, port] of [[place(3).address, 8652] as const, ["127.0.0.1", 8662] as const]) {
            const text = await ask(rig.bridge, host, port, `GET ${target} HTTP/1.0\r\n\r`);
            const end = text.indexOf("\r\n\r\n");
            for (const line of text.slice(0, end).split(/\r?\n/)) if (!line.startsWith("Server:")) headers.add(line);
            bodies.push(tree(text.slice(end + 4)));
          }
          const [theirs, ours] = bodies as [Element, Element];
          expect(compared(ours)).toEqual(compared(theirs));
        });
        expect([...headers].sort()).toEqual(
          [
            "HTTP/1.0 200 OK",
            "Access-Control-Allow-Origin: *",
            "Connection: close",
            "Content-Type: application/xml",
            "X-Content-Type-Options: nosniff",
          ].sort(),
        );
      },
    );

    test("ages are gmetad's to a few seconds", async () => {
      await eventually("the same ages", 30_000, async () => {
        const ages = async (askIt: typeof askUs) => {
          const metrics = [...elements(await askIt(`/${CLUSTER}/${HOSTS[0]}`), "METRIC")];
          return new Map(metrics.map(({ attributes }) => [attributes.NAME, Number(attributes.TN)]));
        };
        const [theirs, ours] = [await ages(askGmetadG), await ages(askUs)];
        for (const [name, age] of ours) {
          // Its step is 2 s, ours 1 s, and each rounds twice.
          expect(Math.abs(age - (theirs.get(name) ?? Number.NaN)), name).toBeLessThanOrEqual(5);
        }
      });
    });

    test("/status has gmetad's keys, its counts not zero", async () => {
      const told = async (host: string, port: number) => {
        const text = await ask(rig.bridge, host, port, "/status");
        return JSON.parse(text.slice(text.indexOf("\r\n\r\n")));
      };
      const [theirs, ours] = [await told(place(3).address, 8652), await told("127.0.0.1", 8662)];
      expect(Object.keys(ours)).toEqual(Object.keys(theirs));
      for (const group of ["received", "sent", "summarize", "requests", "polls"]) {
        expect(shapeOf(ours.metrics[group]), group).toEqual(shapeOf(theirs.metrics[group]));
      }
      for (const group of ["cpu", "disk", "load", "memory", "network", "process", "system"]) {
        expect(Object.keys(theirs.metrics[group]), group).toEqual(
          expect.arrayContaining(Object.keys(ours.metrics[group])),
        );
      }
      expect(ours).toMatchObject({ host: expect.stringMatching(/./), gridname: theirs.gridname });
      expect(ours.metrics.polls.ok.num).toBeGreaterThan(0);
      expect(ours.metrics.requests.xml.num).toBeGreaterThan(0);
    });
  });

  describe("hosts, values and sums go on unchanged", () => {
    test("from our dump port to a gmetad, which keeps of a grid below its own the number of hosts and the sums", async () => {
      const sumsOf = (grid: Element | undefined) =>
        (compared(grid as Element) as Element).children
          .filter(({ name }) => name === "HOSTS" || name === "METRICS")
          .map(({ attributes }) => attributes);
      await eventually("the same sums", 60_000, async () => {
        const ours = async () => sumsOf([...elements(await askUs("/?filter=summary"), "GRID")][0]);
        const before = await ours();
        const theirs = sumsOf([...elements(await askGmetadU("/G"), "GRID")][1]);
        expect(theirs.length).toBeGreaterThan(25);
        expect(theirs).toContainEqual({ UP: "3", DOWN: "0", SOURCE: "gmetad" });
        if (!isDeepStrictEqual(theirs, before)) expect(theirs).toEqual(await ours());
      });
    });

    test.each([`/${CLUSTER}`, `/${CLUSTER}?filter=summary`, `/${CLUSTER}/${HOSTS[0]}`])(
      "from our dump port to a gmetad with scalable off, which keeps every host and value: %s",
      async (line) => {
        const askFrom = (port: number) => async (asked: string) =>
          tree(await ask(rig.bridge, place(4).address, port, asked));
        await sameAs(askFrom(8662), askFrom(8652), line, "clusters");
      },
    );

    test.each([`/${CLUSTER}`, `/${CLUSTER}?filter=summary`, `/${CLUSTER}/${HOSTS[0]}`])(
      "from a gmetad to us: %s",
      async (line) => {
        await sameAs(askGmetadG, (asked) => askUs(asked, 8672), line);
      },
    );

    test("from our sensor's port, which is a gmond's, to a gmetad", async () => {
      const askSensor = async () => tree(await ask(rig.bridge, place(5).address, 8649));
      await eventually("the same host", 60_000, async () => {
        const [theirs] = [...elements(await askGmetadU("/own"), "HOST")];
        const [ours] = [...elements(await askSensor(), "HOST")];
        expect(ours?.attributes.NAME).toBe("own1");
        expect(ours?.children.length).toBeGreaterThan(25);
        expect(compared(theirs as Element)).toEqual(compared(ours as Element));
      });
    });

    test("from us to us on another machine, over TLS", async () => {
      const askZ = async (line: string) => tree(await ask(rig.bridge, place(4).address, 8662, line));
      await sameAs(askUs, askZ, `/${CLUSTER}`, "clusters");
    });
  });

  describe("a peer that is not in the list of those allowed", () => {
    test.each([
      ["the dump port", 8661, undefined],
      ["the query port", 8662, "/"],
    ])("gets not one octet from %s, one that is in it gets the document", async (_name, port, line) => {
      const told = (from: number) =>
        ask(place(from).namespace, place(5).address, port, line).catch((error: Error) => error.message);
      await eventually("an answer", 30_000, async () => expect(await told(0)).toContain(`<HOST NAME="${HOSTS[0]}"`));
      for (const from of [1, 3]) expect(await told(from)).not.toContain("<");
    });
  });

  describe("a peer on another machine", () => {
    /** openssl's own client reads the dump. */
    const dumpBy = async (identity: CertificateFiles | undefined) => {
      const own = identity === undefined ? [] : ["-cert", identity.cert, "-key", identity.key];
      const args = ["s_client", "-quiet", "-connect", `${BRIDGE_ADDRESS}:8661`, "-servername", "server", "-CAfile", ca];
      return runProcess(findProgram("openssl") ?? "openssl", [...args, "-verify_return_error", ...own], {
        namespace: place(4).namespace,
      });
    };

    test("with a certificate of our authority gets the document over TLS", async () => {
      const run = await dumpBy(client);
      expect([...elements(tree(run.stdout), "HOST")].map(({ attributes }) => attributes.NAME).sort()).toEqual(HOSTS);
    });

    test.each<[string, () => CertificateFiles | undefined]>([
      ["without a certificate", () => undefined],
      ["with a certificate of another authority", () => stranger],
    ])("%s gets nothing", async (_what, identity) => {
      expect((await dumpBy(identity())).stdout).toBe("");
    });

    test("that speaks plain TCP gets nothing, while this machine does", async () => {
      const request = "GET / HTTP/1.0\r\n\r";
      const plain = ask(place(4).namespace, BRIDGE_ADDRESS, 8662, request).catch(() => "");
      expect(await plain).not.toContain("GANGLIA");
      expect(await ask(rig.bridge, "127.0.0.1", 8662, "/")).toContain("</GANGLIA_XML>");
    });
  });
});

/**
 * Values change while we ask: the second must say what the first said just before, or just after.
 * @param scope "clusters" leaves out the GRID around them, which is each server's own
 */
async function sameAs(
  first: (line: string) => Promise<Element>,
  second: (line: string) => Promise<Element>,
  line: string,
  scope: "whole" | "clusters" = "whole",
): Promise<void> {
  const look = (document: Element) =>
    scope === "whole" ? compared(document) : [...elements(document, "CLUSTER")].map(compared);
  await eventually(`the same answer to ${line}`, 60_000, async () => {
    const before = look(await first(line));
    const answer = look(await second(line));
    if (isDeepStrictEqual(answer, before)) return;
    expect(answer).toEqual(look(await first(line)));
  });
}

/**
 * gmond's module of disk traffic begins with "nan". gmetad makes "nan" the sum of all, we leave it out of the sum;
 * and gmetad writes later sums with as many decimals as that word has.
 */
function compared(element: Element): unknown {
  const plain = ({ name, attributes, children }: Element): Element => ({
    name,
    attributes: attributes.SUM === undefined ? attributes : { ...attributes, SUM: String(Number(attributes.SUM)) },
    children: children.filter((child) => child.attributes.SUM !== "nan").map(plain),
  });
  return comparable(plain(element), ["TN"]);
}

function shapeOf(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return typeof value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shapeOf(inner)]));
}
