import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { isAllowedHost } from "../../../viewer/http/security.js";
import { FAKE_PAGE, FAKE_SCRIPT } from "../support/fake-public.js";
import { makeViewerApp, type ViewerApp } from "../support/viewer-app.js";

let viewer: ViewerApp;
beforeAll(async () => {
  viewer = await makeViewerApp();
});
afterAll(() => viewer.close());

const inject = (
  url: string,
  headers: Record<string, string> = {},
  method: "GET" | "POST" | "HEAD" | "DELETE" = "GET",
) => viewer.app.inject({ method, url, headers: { host: "localhost:8660", ...headers } });

describe("pages", () => {
  test.each(["/", "/alerts", "/host/khab/node001", "/host/a%2Fb/%3Cx%3E?range=6h"])("%s is the page", async (url) => {
    const response = await inject(url, { accept: "text/html" });
    expect(response.statusCode).toBe(200);
    expect(response.body).toBe(FAKE_PAGE);
    expect(response.headers["content-type"]).toContain("text/html");
    expect(response.headers["cache-control"]).toBe("no-cache");
  });

  test("anything else is the same page for people, with 404, and a problem for programs", async () => {
    const page = await inject("/nothing/here", { accept: "text/html,*/*" });
    expect(page.statusCode).toBe(404);
    expect(page.body).toBe(FAKE_PAGE);
    const problem = await inject("/api/v1/nothing", { accept: "text/html,*/*" });
    expect(problem.statusCode).toBe(404);
    expect(problem.headers["content-type"]).toContain("application/problem+json");
  });

  test("assets never change under their name and are sent packed", async () => {
    const packed = await inject("/assets/index-abc.js", { "accept-encoding": "gzip" });
    expect(packed.statusCode).toBe(200);
    expect(packed.headers["content-encoding"]).toBe("gzip");
    expect(packed.headers["cache-control"]).toBe("public, max-age=31536000, immutable");
    expect(packed.rawPayload.length).toBeLessThan(FAKE_SCRIPT.length / 4);
    expect((await inject("/assets/index-abc.js")).body).toBe(FAKE_SCRIPT);
  });

  test.each([
    "/assets/../index.html",
    "/assets/%2e%2e/index.html",
    "/assets/..%2findex.html",
    "/assets/.hidden",
    "/assets/",
    "/assets//etc/passwd",
    "/assets/index-abc.js%00",
  ])("no way out of the assets: %s", async (url) => {
    const response = await inject(url);
    expect(response.statusCode).toBeGreaterThanOrEqual(400);
    expect(response.statusCode).toBeLessThan(500);
    expect(response.body).not.toContain("root:");
  });
});

describe("every answer", () => {
  test.each(["/", "/assets/index-abc.js", "/api/v1/overview", "/api/v1/nothing", "/nothing"])("%s", async (url) => {
    const { headers } = await inject(url);
    const policy = String(headers["content-security-policy"]);
    for (const rule of ["default-src 'self'", "script-src 'self'", "frame-ancestors 'none'", "object-src 'none'"]) {
      expect(policy).toContain(rule);
    }
    expect(policy).not.toContain("unsafe");
    // Over plain HTTP it would make the page load nothing.
    expect(policy).not.toContain("upgrade-insecure-requests");
    expect(headers["strict-transport-security"]).toBeUndefined();
    expect(headers["x-content-type-options"]).toBe("nosniff");
    expect(headers["x-frame-options"]).toBe("DENY");
    expect(headers["referrer-policy"]).toBe("same-origin");
  });
});

describe("requests that are not answered", () => {
  test.each(["POST", "DELETE"] as const)("%s", async (method) => {
    const response = await inject("/api/v1/overview", {}, method);
    expect(response.statusCode).toBe(405);
    expect(response.headers["allow"]).toBe("GET, HEAD");
  });

  test("a name that is not ours (DNS rebinding)", async () => {
    const response = await inject("/api/v1/overview", { host: "evil.example" });
    expect(response.statusCode).toBe(421);
    expect(response.json()).toMatchObject({ detail: expect.stringContaining("viewer.names") });
    expect((await inject("/api/v1/overview", { host: "Monitor.Example.org:8660" })).statusCode).toBe(200);
  });

  test("HEAD is answered, but opens no stream", async () => {
    expect((await inject("/api/v1/overview", {}, "HEAD")).statusCode).toBe(200);
    expect((await inject("/api/v1/events", {}, "HEAD")).statusCode).toBe(404);
  });
});

describe("the Host header", () => {
  const names = new Set(["mon.example.org"]);
  test.each([
    ["127.0.0.1:8660", true],
    ["10.1.2.3", true],
    ["[::1]:8660", true],
    ["localhost", true],
    ["mine.localhost:1", true],
    ["MON.example.org:8660", true],
    ["mon.example.org.", true],
    ["evil.example", false],
    ["127.0.0.1.evil.example", false],
    ["localhost.evil.example", false],
    ["[zz::1]", false],
    ["", false],
    ["mon.example.org, evil", false],
    ["user@mon.example.org", false],
    ["2130706433", false],
  ])("%s: %s", (header, allowed) => {
    expect(isAllowedHost(header, names)).toBe(allowed);
  });
});
