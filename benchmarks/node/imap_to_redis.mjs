// The whole way as one would write it in node: imapflow, mailparser, ioredis.  Prints one line of JSON.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { ImapFlow } from "imapflow";
import { Redis } from "ioredis";
import { simpleParser } from "mailparser";

const [host, port, user, pass, ca, batch, redisUrl] = process.argv.slice(2);
const redis = new Redis(redisUrl);
const client = new ImapFlow({
  host, port: Number(port), secure: true, auth: { user, pass }, logger: false, tls: { ca: readFileSync(ca) },
});
await client.connect();
const lock = await client.getMailboxLock("INBOX");
const before = process.cpuUsage(), start = process.hrtime.bigint();
let count = 0;
const uids = await client.search({ all: true }, { uid: true });
for (let first = 0; first < uids.length; first += Number(batch)) {
  const range = uids.slice(first, first + Number(batch)).join(","), pipeline = redis.pipeline();
  for await (const message of client.fetch(range, { source: true, internalDate: true, size: true }, { uid: true })) {
    const mail = await simpleParser(message.source);
    const attachments = mail.attachments.map((file) => ({
      filename: file.filename, size: file.size, sha256: createHash("sha256").update(file.content).digest("hex"),
    }));
    const { subject, text, html, messageId, from, to, date } = mail;
    const ticket = { uid: message.uid, subject, text, html, messageId, from: from?.value, to: to?.value, date, attachments };
    pipeline.xadd("tickets", "*", "ticket", JSON.stringify(ticket));
    count += 1;
  }
  await pipeline.exec();
}
const seconds = Number(process.hrtime.bigint() - start) / 1e9, used = process.cpuUsage(before);
lock.release();
await client.logout();
redis.disconnect();
console.log(JSON.stringify({
  count, seconds, cpu: (used.user + used.system) / 1e6, rss: process.resourceUsage().maxRSS * 1024,
}));
