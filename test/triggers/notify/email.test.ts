/** Real mails over loopback to a real SMTP server. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SMTPServer, type SMTPServerOptions } from "smtp-server";
import { afterEach, describe, expect, test } from "vitest";
import { silentLogger } from "../../../core/base/log.js";
import { receiversSchema } from "../../../triggers/config.js";
import { emailReceiver } from "../../../triggers/notify/email/receiver.js";
import type { Notice } from "../../../triggers/notify/notice.js";
import type { Receiver } from "../../../triggers/notify/receiver.js";
import { Harness } from "../support/harness.js";

interface Mail {
  readonly from: string;
  readonly to: string[];
  readonly text: string;
  readonly secure: boolean;
  readonly user: string;
}

class MailServer {
  readonly mails: Mail[] = [];
  readonly #server: SMTPServer;
  port = 0;

  constructor(options: SMTPServerOptions = {}) {
    this.#server = new SMTPServer({
      authOptional: true,
      disabledCommands: ["STARTTLS"],
      onData: (stream, session, done) => {
        let text = "";
        stream.on("data", (chunk: Buffer) => {
          text += chunk.toString("latin1");
        });
        stream.on("end", () => {
          const { mailFrom, rcptTo } = session.envelope;
          this.mails.push({
            from: mailFrom === false ? "" : mailFrom.address,
            to: rcptTo.map(({ address }) => address),
            text,
            secure: session.secure,
            user: String(session.user ?? ""),
          });
          done();
        });
      },
      ...options,
    });
    this.#server.on("error", () => {});
  }

  async start(port = 0): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(port, "127.0.0.1", resolve));
    this.port = (this.#server.server.address() as AddressInfo).port;
    servers.push(this);
    return this;
  }

  stop(): Promise<void> {
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }
}

const servers: MailServer[] = [];
const folders: string[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

function receiver(port: number, more: object = {}): Receiver {
  const ops = {
    type: "email",
    smtp: `smtp://127.0.0.1:${port}`,
    from: "grate@khab.example",
    to: ["root@khab.example"],
    ...more,
  };
  const config = receiversSchema.parse({ ops })["ops"];
  if (config === undefined) throw new Error("no receiver");
  return emailReceiver(config, { logger: silentLogger });
}

const notice: Notice = {
  id: "1f-9a3b-fired-ops",
  kind: "fired",
  receiver: "ops",
  trigger: "cpu-too-hot",
  cluster: "khab",
  severity: "critical",
  condition: "cpu_temp > 70",
  forMs: 60_000,
  createdMs: Date.UTC(2026, 10, 21, 20, 2, 0),
  reason: "",
  items: [
    {
      host: "node3",
      episode: "1f-9a3b",
      evidence: "cpu_temp = 85 Celsius",
      activeAtMs: Date.UTC(2026, 10, 21, 20, 0, 0),
      firedAtMs: Date.UTC(2026, 10, 21, 20, 1, 30),
      endedAtMs: 0,
      problem: "",
    },
  ],
  unrecorded: false,
};

const signal = () => new AbortController().signal;
const deliver = (to: Receiver, what = notice) => to.deliver(what, to.recipients, signal());

/** An answer of the server to one command. */
const answer = (responseCode: number) => Object.assign(new Error(`${responseCode} says the test`), { responseCode });

describe("a mail", () => {
  test("has everything a person and his mail program need", async () => {
    const server = await new MailServer().start();
    const delivery = await deliver(receiver(server.port, { to: ["root@khab.example", "night@khab.example"] }));
    expect(delivery).toEqual({ delivered: ["root@khab.example", "night@khab.example"], refused: [], deferred: [] });
    expect(server.mails.length).toBe(1);
    const [mail] = server.mails as [Mail];
    expect(mail).toMatchObject({ from: "grate@khab.example", to: ["root@khab.example", "night@khab.example"] });
    const header = mail.text.slice(0, mail.text.indexOf("\r\n\r\n"));
    for (const line of [
      "From: grate@khab.example",
      "To: root@khab.example, night@khab.example",
      "Subject: [grate] FIRING critical: cpu-too-hot on node3 (khab)",
      "Message-ID: <1f-9a3b-fired-ops@grate.khab.example>",
      "Date: Sat, 21 Nov 2026 20:02:00 +0000",
      "Auto-Submitted: auto-generated",
      "X-Grate-Notice: 1f-9a3b-fired-ops",
      "Content-Type: text/plain; charset=utf-8",
    ]) {
      expect(header.split("\r\n")).toContain(line);
    }
    expect(header).not.toContain("References");
    for (const said of ["cpu_temp = 85 Celsius", "cpu_temp > 70", "Since:     2026-11-21T20:00:00Z"]) {
      expect(mail.text).toContain(said);
    }
  });

  test("is the same one when it is sent again, and a recovery stands below it", async () => {
    const server = await new MailServer().start();
    const ops = receiver(server.port);
    await deliver(ops);
    await deliver(ops);
    const items = notice.items.map((item) => ({ ...item, endedAtMs: item.firedAtMs + 1, problem: notice.id }));
    await deliver(ops, { ...notice, id: "1f-9a3b-resolved-ops", kind: "resolved", items });
    const ids = server.mails.map(({ text }) => /^Message-ID: (.*)$/m.exec(text)?.[1]?.trim());
    expect(ids).toEqual([
      "<1f-9a3b-fired-ops@grate.khab.example>",
      "<1f-9a3b-fired-ops@grate.khab.example>",
      "<1f-9a3b-resolved-ops@grate.khab.example>",
    ]);
    expect(server.mails[2]?.text).toContain("References: <1f-9a3b-fired-ops@grate.khab.example>");
  });

  test("a hostile name makes neither a header nor a recipient", async () => {
    const server = await new MailServer().start();
    const host = "x\r\nBcc: evil@example.org\r\n\r\n.\r\nMAIL FROM:<evil@example.org>";
    await deliver(receiver(server.port), {
      ...notice,
      cluster: host,
      items: notice.items.map((item) => ({ ...item, host })),
    });
    expect(server.mails.length).toBe(1);
    expect(server.mails[0]?.to).toEqual(["root@khab.example"]);
    expect(server.mails[0]?.text).not.toMatch(/^Bcc:/m);
  });

  test("names in other scripts and long lists arrive", async () => {
    const server = await new MailServer().start();
    const items = Array.from({ length: 1_000 }, (_, i) => ({
      ...(notice.items[0] as (typeof notice.items)[0]),
      host: `узел${i}`,
    }));
    await deliver(receiver(server.port), { ...notice, cluster: "кластер", items });
    const lines = (server.mails[0]?.text ?? "").split("\r\n");
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(998);
    expect(lines.join("\n")).toMatch(/^Subject: =\?UTF-8\?/m);
  });
});

describe("what a server may answer", () => {
  test.each([
    ["to the sender", 550, { onMailFrom: (_address, _session, done) => done(answer(550)) }],
    ["to the recipient", 554, { onRcptTo: (_address, _session, done) => done(answer(554)) }],
    [
      "to the data",
      552,
      { onData: (stream, _session, done) => void stream.resume().on("end", () => done(answer(552))) },
    ],
    ["to the connection", 554, { onConnect: (_session, done) => done(answer(554)) }],
  ] satisfies [string, number, SMTPServerOptions][])("5xx %s is for good", async (_what, code, options) => {
    const server = await new MailServer(options).start();
    const { delivered, refused, deferred } = await deliver(receiver(server.port));
    expect([delivered, deferred]).toEqual([[], []]);
    expect(refused).toEqual([{ recipient: "root@khab.example", reason: expect.stringContaining(String(code)) }]);
  });

  test.each([
    ["to the sender", { onMailFrom: (_address, _session, done) => done(answer(451)) }],
    ["to the recipient", { onRcptTo: (_address, _session, done) => done(answer(450)) }],
    ["to the data", { onData: (stream, _session, done) => void stream.resume().on("end", () => done(answer(452))) }],
    ["to the connection", { onConnect: (_session, done) => done(answer(421)) }],
  ] satisfies [string, SMTPServerOptions][])("4xx %s is for now", async (_what, options) => {
    const server = await new MailServer(options).start();
    const { delivered, refused, deferred } = await deliver(receiver(server.port));
    expect([delivered, refused]).toEqual([[], []]);
    expect(deferred).toEqual([{ recipient: "root@khab.example", reason: expect.stringMatching(/4\d\d/) }]);
  });

  test("each recipient for himself", async () => {
    const server = await new MailServer({
      onRcptTo: ({ address }, _session, done) =>
        done(address.startsWith("gone") ? answer(550) : address.startsWith("grey") ? answer(451) : null),
    }).start();
    const to = ["root@khab.example", "gone@khab.example", "grey@khab.example"];
    const delivery = await deliver(receiver(server.port, { to }));
    expect(delivery).toEqual({
      delivered: ["root@khab.example"],
      refused: [{ recipient: "gone@khab.example", reason: expect.stringContaining("550") }],
      deferred: [{ recipient: "grey@khab.example", reason: expect.stringContaining("451") }],
    });
    expect(server.mails[0]?.to).toEqual(["root@khab.example"]);
    const none = await deliver(receiver(server.port, { to: to.slice(1) }));
    expect([none.refused.length, none.deferred.length]).toEqual([1, 1]);
  });

  test("nobody there is for now", async () => {
    const server = await new MailServer().start();
    await servers.pop()?.stop();
    const { deferred } = await deliver(receiver(server.port));
    expect(deferred).toEqual([{ recipient: "root@khab.example", reason: expect.stringContaining("ECONNREFUSED") }]);
  });

  test("a send that takes too long for a stop is given up", async () => {
    const server = await new MailServer({ onConnect: () => {} }).start();
    const abort = new AbortController();
    const ops = receiver(server.port);
    const delivery = ops.deliver(notice, ops.recipients, abort.signal);
    setTimeout(() => abort.abort(), 50);
    expect((await delivery).deferred).toEqual([
      { recipient: "root@khab.example", reason: expect.stringContaining("abort") },
    ]);
  });
});

describe("secrets and encryption", () => {
  const folder = () => {
    const made = mkdtempSync(join(tmpdir(), "grate-mail-"));
    folders.push(made);
    return made;
  };

  test("what can be encrypted is, even to a server nobody can check", async () => {
    const server = await new MailServer({ disabledCommands: [] }).start();
    await deliver(receiver(server.port));
    expect(server.mails[0]?.secure).toBe(true);
    await deliver(receiver(server.port, { tls: "never" }));
    expect(server.mails[1]?.secure).toBe(false);
  });

  test("where a checked certificate is asked for, another one is not enough", async () => {
    const server = await new MailServer({ disabledCommands: [] }).start();
    const { deferred } = await deliver(receiver(server.port, { tls: "verified" }));
    expect(deferred[0]?.reason).toContain("certificate");
    const plain = await new MailServer().start();
    expect((await deliver(receiver(plain.port, { tls: "verified" }))).deferred.length).toBe(1);
    expect([server.mails, plain.mails]).toEqual([[], []]);
  });

  test("the password is read from its file at each mail; a wrong one is for now", async () => {
    const server = await new MailServer({
      authOptional: false,
      allowInsecureAuth: true,
      onAuth: ({ username, password }, _session, done) =>
        password === "right one" ? done(null, { user: username }) : done(answer(535)),
    }).start();
    const file = join(folder(), "password");
    const ops = receiver(server.port, { user: "grate", password: { file }, tls: "never" });
    expect((await deliver(ops)).deferred[0]?.reason).toContain("cannot read the password of the mail server");
    writeFileSync(file, "wrong one\n");
    expect((await deliver(ops)).deferred[0]?.reason).toContain("Invalid login");
    writeFileSync(file, "right one\n");
    expect((await deliver(ops)).delivered).toEqual(["root@khab.example"]);
    expect(server.mails[0]?.user).toBe("grate");
  });
});

test("from a frame to a mail: server down, then up; one problem, one recovery", async () => {
  const first = await new MailServer().start();
  await servers.pop()?.stop();
  const ops = receiver(first.port);
  let sent: Promise<unknown> = Promise.resolve();
  const watched: Receiver = {
    recipients: ops.recipients,
    deliver: (...args) => {
      const delivery = ops.deliver(...args);
      sent = delivery;
      return delivery;
    },
  };
  const h = await Harness.started({
    triggers: [{ name: "hot", when: "x > 70", recover: "x < 65", notify: ["ops"] }],
    receivers: new Map([["ops", watched]]),
  });
  const settled = async () => {
    await sent;
    await h.clock.advance(0);
  };
  await h.frame(0, { node1: 90 });
  await settled();
  expect(h.engine.health().receivers[0]?.message).toContain("ECONNREFUSED");
  const server = await new MailServer().start(first.port);
  await h.clock.advance(1_000);
  await settled();
  await h.frame(15, { node1: 70 });
  await h.frame(30, { node1: 60 });
  await settled();
  expect(server.mails.map(({ text }) => /^Subject: (.*)$/m.exec(text)?.[1]?.trim())).toEqual([
    "[grate] FIRING warning: hot on node1 (khab)",
    "[grate] RESOLVED warning: hot on node1 (khab)",
  ]);
  expect(h.events.filter((event) => event.startsWith("notice"))).toEqual([
    "notice-sent hot node1",
    "notice-sent hot node1",
  ]);
});
