// Parses the mails of a file (each behind its length, 32 bits, big-endian) as often as asked, and prints
// the processor seconds that the fastest round took.
import { readFileSync } from "node:fs";
import { simpleParser } from "mailparser";

const [path, rounds] = process.argv.slice(2);
const bytes = readFileSync(path);
const mails = [];
for (let at = 0; at < bytes.length; ) {
  const length = bytes.readUInt32BE(at);
  mails.push(bytes.subarray(at + 4, at + 4 + length));
  at += 4 + length;
}
let best = Infinity;
for (let round = 0; round < Number(rounds); round++) {
  const start = process.cpuUsage();
  for (const mail of mails) await simpleParser(mail);
  const { user, system } = process.cpuUsage(start);
  best = Math.min(best, (user + system) / 1e6);
}
console.log(best);
