/**
 * A real SMTP server for tests: prints each mail as one line of JSON. Runs inside
 * a namespace; the first line names the port.
 */
import { SMTPServer } from "smtp-server";

const server = new SMTPServer({
  disabledCommands: ["AUTH", "STARTTLS"],
  onData(stream, session, done) {
    const chunks = [];
    stream.on("data", (chunk) => chunks.push(chunk));
    stream.on("end", () => {
      const text = Buffer.concat(chunks).toString("utf8");
      const { mailFrom, rcptTo } = session.envelope;
      const mail = { from: mailFrom?.address, to: rcptTo.map((to) => to.address), text };
      process.stdout.write(`${JSON.stringify(mail)}\n`);
      done();
    });
  },
});
const listening = server.listen(Number(process.argv[2] ?? 0), "127.0.0.1", () => {
  process.stdout.write(`${JSON.stringify({ port: listening.address().port })}\n`);
});
