import { expect, test } from "vitest";
import { describeCluster } from "../../storage/description.js";
import { MadeCluster, metaOf } from "../support/made-cluster.js";

test("hosts that say the same are said once, others are exceptions, hosts that left are not there", () => {
  const cluster = new MadeCluster("khab");
  cluster.directory.setFacts({ owner: "us", latlong: "", url: "" });
  for (const host of ["gone", "node1", "node2", "node3"]) cluster.host(host, { ip: `ip of ${host}` });
  const common = metaOf("load_one");
  const own = metaOf("load_one", { units: "loads" });
  cluster.set("node1", common, 1);
  cluster.set("node2", own, 1);
  cluster.set("node3", { ...common }, 1);
  cluster.set("node3", metaOf("os_name", { type: "string" }), "Linux");
  cluster.directory.freeRow(0);
  const described = describeCluster(cluster.directory);
  expect(described).toMatchObject({ name: "khab", facts: { owner: "us" } });
  expect(described.hosts.map(({ name, ip }) => [name, ip])).toEqual(
    ["node1", "node2", "node3"].map((name) => [name, `ip of ${name}`]),
  );
  expect(described.metrics).toEqual([common, metaOf("os_name", { type: "string" })]);
  expect(described.exceptions).toEqual([{ host: 1, meta: own }]);
  expect(structuredClone(described)).toEqual(described);
});
