/** The configuration of a receiver of type email. */
import { z } from "zod";
import { secret } from "../../../core/base/config/fields.js";

export interface SmtpServer {
  readonly host: string;
  readonly port: number;
  /** TLS from the first byte (smtps). */
  readonly secure: boolean;
}

const SERVER_EXPECTED = 'an SMTP server such as "smtp://mail:25" or "smtps://mail.example.org"';

/** Ports of SMTP and of SMTP over TLS. */
const PORT = 25;
const PORT_SECURE = 465;

/** Text in, SmtpServer out. */
const server = () =>
  z
    .string(`expected ${SERVER_EXPECTED}`)
    .transform((text, context): SmtpServer => {
      const match = /^(smtps?):\/\/(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9._-]+))(?::(\d{1,5}))?\/?$/.exec(text);
      const secure = match?.[1] === "smtps";
      const port = Number(match?.[4] ?? (secure ? PORT_SECURE : PORT));
      if (match === null || port < 1 || port > 65_535) {
        const hint = text.includes("@") ? '; a user is given as "user" and "password"' : "";
        context.addIssue({
          code: "custom",
          message: `${JSON.stringify(text)} is not an SMTP server, expected ${SERVER_EXPECTED}${hint}`,
        });
        return z.NEVER;
      }
      return { host: (match[2] ?? match[3]) as string, port, secure };
    })
    .meta({ description: "smtp://host:port, or smtps:// for TLS from the first byte" });

/** Blanks, angle brackets, commas and control characters would end an address or begin another one. */
const mailbox = () =>
  z
    .string()
    .max(254)
    .regex(
      /^[^\s\p{Cc}@<>,;:"()[\]\\]+@[^\s\p{Cc}@<>,;:"()[\]\\]+$/u,
      'expected a mail address such as "root@mail.example.org"',
    );

export const emailSchema = z
  .strictObject({
    type: z.literal("email"),
    smtp: server(),
    user: z.string().min(1).optional(),
    password: secret().optional(),
    from: mailbox(),
    to: z.array(mailbox()).min(1).max(50),
    tls: z.enum(["verified", "opportunistic", "never"]).optional().meta({
      description:
        "verified: encrypted, with a certificate that can be checked (the default with smtps or a password); opportunistic: encrypted where the server offers it (the default otherwise); never",
    }),
  })
  .superRefine((receiver, context) => {
    if ((receiver.user === undefined) !== (receiver.password === undefined)) {
      const missing = receiver.user === undefined ? "user" : "password";
      context.addIssue({ code: "custom", path: [missing], message: "expected user and password together, or neither" });
    }
    if (receiver.smtp.secure && receiver.tls === "never") {
      context.addIssue({ code: "custom", path: ["tls"], message: 'expected no "never" beside smtps://' });
    }
  });

export type EmailConfig = z.output<typeof emailSchema>;
