/**
 * Mail through an SMTP server, one connection for each notice. The connection is
 * not kept: mails are rare, and a server that was restarted in between would
 * cost the first one.
 */
import { readFile } from "node:fs/promises";
import { messageOf } from "../../../core/base/errors.js";
import { printable } from "../../printable.js";
import { noticeText } from "../mail-text.js";
import type { Notice } from "../notice.js";
import type { Delivery, Receiver, ReceiverContext, Refusal } from "../receiver.js";
import type { EmailConfig } from "./config.js";

/** A relay in the same machine room answers in milliseconds; one far away in seconds. */
const CONNECT_TIMEOUT_MS = 15_000;
/** RFC 5321 lets a server take minutes over the end of the data. */
const SILENCE_TIMEOUT_MS = 120_000;

const REASON_LENGTH_MAX = 300;

export function emailReceiver(config: EmailConfig, { logger }: ReceiverContext): Receiver {
  // 3 MB of heap that only those have who mail. Now, not with the first mail: an update may have moved the files by then.
  const mailer = import("nodemailer");
  mailer.catch(() => {});
  return {
    recipients: config.to,
    async deliver(notice, recipients, signal) {
      try {
        const { createTransport } = await mailer;
        const transport = createTransport(await transportOptions(config));
        const info = await transport.sendMail({ ...mail(config, notice, recipients), signal });
        return sorted(recipients, info.rejectedErrors ?? []);
      } catch (error) {
        logger.debug({ error: messageOf(error), notice: notice.id }, "mail was not taken");
        return failed(recipients, error);
      }
    },
  };
}

async function transportOptions(config: EmailConfig) {
  const { host, port, secure } = config.smtp;
  const tls = config.tls ?? (secure || config.user !== undefined ? "verified" : "opportunistic");
  return {
    host,
    port,
    secure,
    requireTLS: tls === "verified" && !secure,
    opportunisticTLS: tls === "opportunistic",
    ignoreTLS: tls === "never",
    // Encryption to an unknown peer beats none, as between mail servers.
    tls: { rejectUnauthorized: tls === "verified" },
    connectionTimeout: CONNECT_TIMEOUT_MS,
    dnsTimeout: CONNECT_TIMEOUT_MS,
    greetingTimeout: CONNECT_TIMEOUT_MS,
    socketTimeout: SILENCE_TIMEOUT_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
    ...(config.user === undefined || config.password === undefined
      ? {}
      : { auth: { user: config.user, pass: await readPassword(config.password.file) }, forceAuth: true }),
  };
}

/** Read at each mail, so that a new password needs no restart. */
async function readPassword(path: string): Promise<string> {
  try {
    return (await readFile(path, "utf8")).replace(/\r?\n$/, "");
  } catch (error) {
    throw new Error(`cannot read the password of the mail server: ${messageOf(error)}`);
  }
}

function mail(config: EmailConfig, notice: Notice, recipients: readonly string[]) {
  const { subject, body } = noticeText(notice);
  const domain = config.from.slice(config.from.lastIndexOf("@") + 1);
  return {
    from: config.from,
    to: [...config.to],
    // Who has it already is named in the header but not sent to again.
    envelope: { from: config.from, to: [...recipients] },
    subject,
    text: body,
    date: new Date(notice.createdMs),
    messageId: messageId(notice.id, domain),
    ...references(notice, domain),
    headers: { "Auto-Submitted": "auto-generated", "X-Grate-Notice": notice.id },
  };
}

/** A recovery stands below its problem in a mail program. */
function references({ items }: Notice, domain: string): { references?: string[] } {
  const problems = new Set(items.map((item) => item.problem).filter((id) => id !== ""));
  // A header that names hundreds helps nobody.
  const named = [...problems].slice(0, 10).map((id) => messageId(id, domain));
  return named.length > 0 ? { references: named } : {};
}

/** The same for each attempt: who gets a mail twice can tell, and so can his mail program. */
function messageId(noticeId: string, domain: string): string {
  return `<${noticeId}@grate.${domain}>`;
}

interface SmtpError {
  readonly code?: string | undefined;
  readonly responseCode?: number | undefined;
  readonly response?: string | undefined;
  readonly message?: string | undefined;
  readonly recipient?: string | undefined;
  readonly rejectedErrors?: readonly SmtpError[] | undefined;
}

/** Some servers refuse single recipients and take the mail for the others. */
function sorted(recipients: readonly string[], errors: readonly SmtpError[]): Delivery {
  const failures = new Map(errors.map((error) => [error.recipient ?? "", error]));
  const delivery = { delivered: [] as string[], refused: [] as Refusal[], deferred: [] as Refusal[] };
  for (const recipient of recipients) {
    const error = failures.get(recipient);
    if (error === undefined) delivery.delivered.push(recipient);
    else (isPermanent(error) ? delivery.refused : delivery.deferred).push({ recipient, reason: reasonOf(error) });
  }
  return delivery;
}

function failed(recipients: readonly string[], error: unknown): Delivery {
  const known = typeof error === "object" && error !== null ? (error as SmtpError) : {};
  const single = new Map((known.rejectedErrors ?? []).map((one) => [one.recipient ?? "", one]));
  const delivery = { delivered: [], refused: [] as Refusal[], deferred: [] as Refusal[] };
  for (const recipient of recipients) {
    const cause = single.get(recipient) ?? known;
    const list = isPermanent(cause) ? delivery.refused : delivery.deferred;
    list.push({ recipient, reason: reasonOf(cause === known ? error : cause) });
  }
  return delivery;
}

/**
 * A 5xx answer will be the same next time. Everything else may pass: no network,
 * a 4xx answer, a certificate or a password that is being mended. 503 (bad
 * sequence) and 530 (log in or encrypt first) are about the session, not about
 * the mail.
 */
function isPermanent({ code, responseCode = 0 }: SmtpError): boolean {
  if (code === "EAUTH" || code === "ETLS" || responseCode === 503 || responseCode === 530) return false;
  return responseCode >= 500 && responseCode < 600;
}

function reasonOf(error: unknown): string {
  return printable(messageOf(error), REASON_LENGTH_MAX);
}
