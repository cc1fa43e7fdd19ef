/** A mail server on loopback that answers each command as configured, and records the mails that it accepted. */
import { createServer, type Socket } from "node:net";

export type MailServer = {
  readonly port: number;
  readonly mails: string[];
  /** By command, such as `RCPT`; `.` is the end of a mail. Null: no answer. */
  answer(answers: Readonly<Record<string, string | null>>): void;
  close(): Promise<void>;
};

const USUAL: Readonly<Record<string, string>> = {
  connect: "220 mail.test",
  EHLO: "250-mail.test\r\n250-AUTH PLAIN\r\n250 8BITMIME",
  AUTH: "235 welcome",
  MAIL: "250 ok",
  RCPT: "250 ok",
  DATA: "354 go on",
  ".": "250 taken as 7",
  QUIT: "221 bye",
  STARTTLS: "502 not here",
};

export async function openMailServer(): Promise<MailServer> {
  const mails: string[] = [];
  const sockets = new Set<Socket>();
  let answers: Readonly<Record<string, string | null>> = {};
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => {});
    let text = "";
    let isMail = false;
    const say = (command: string): void => {
      const answer = command in answers ? answers[command] : (USUAL[command] ?? "500 what?");
      if (typeof answer === "string") socket.write(`${answer}\r\n`);
    };
    say("connect");
    socket.on("data", (chunk: Buffer) => {
      text += chunk.toString();
      for (;;) {
        const end = isMail ? "\r\n.\r\n" : "\r\n";
        const at = text.indexOf(end);
        if (at === -1) return;
        const part = text.slice(0, at);
        text = text.slice(at + end.length);
        const command = isMail ? "." : (part.split(" ")[0] ?? "").toUpperCase();
        if (isMail) mails.push(part);
        isMail = command === "DATA";
        say(command);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return {
    port: typeof address === "object" ? (address?.port ?? 0) : 0,
    mails,
    answer: (given) => (answers = given),
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}
