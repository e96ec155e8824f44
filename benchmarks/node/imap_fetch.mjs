// Fetches a folder with imapflow, 50 messages a FETCH, and prints what it took as one line of JSON.
import { readFileSync } from "node:fs";
import { ImapFlow } from "imapflow";

const [host, port, user, pass, ca, batch] = process.argv.slice(2);
const client = new ImapFlow({
  host, port: Number(port), secure: true, auth: { user, pass }, logger: false, tls: { ca: readFileSync(ca) },
});
await client.connect();
const lock = await client.getMailboxLock("INBOX");
const before = process.cpuUsage(), start = process.hrtime.bigint();
let count = 0, bytes = 0;
const uids = await client.search({ all: true }, { uid: true });
for (let first = 0; first < uids.length; first += Number(batch)) {
  const range = uids.slice(first, first + Number(batch)).join(",");
  for await (const message of client.fetch(range, { source: true, internalDate: true, size: true }, { uid: true })) {
    count += 1;
    bytes += message.source.length;
  }
}
const seconds = Number(process.hrtime.bigint() - start) / 1e9, used = process.cpuUsage(before);
lock.release();
await client.logout();
console.log(JSON.stringify({
  count, bytes, seconds, cpu: (used.user + used.system) / 1e6, rss: process.resourceUsage().maxRSS * 1024,
}));
