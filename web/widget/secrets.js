/**
 * Whether a text looks like a seed phrase or a private key: a warning before it leaves the device.
 *
 * It errs towards silence: fanin itself removes secrets from what arrives, with far more care.
 */

import { CHINESE, ENGLISH } from "./words.js";

const LEAST = 12;
const HEX = /(?<![0-9a-z])(?:0x)?[0-9a-f]{64}(?![0-9a-z])/gi;
const WIF = /(?<![1-9A-HJ-NP-Za-km-z])(?:5[1-9A-HJ-NP-Za-km-z]{50}|[KLc][1-9A-HJ-NP-Za-km-z]{51})(?![1-9A-HJ-NP-Za-km-z])/;
const EXTENDED = /(?<![A-Za-z0-9])[xyztuv]prv[1-9A-HJ-NP-Za-km-z]{107}(?![A-Za-z0-9])/;
const ABOUT_TRANSACTIONS = /tx|trans|hash|block|explorer|scan|交易|哈希|區塊|区块|送金|トランザクション|ハッシュ|거래|해시/i;
const NEAR = 60;

/**
 * @param {string} text
 * @returns {boolean}
 */
export function looksSecret(text) {
  const plain = text.normalize("NFKC");
  return WIF.test(plain) || EXTENDED.test(plain) || hasKey(plain) || hasEnglish(plain) || hasChinese(plain);
}

/** 64 hexadecimal digits that no word nearby calls a transaction. @param {string} text */
function hasKey(text) {
  return [...text.matchAll(HEX)].some(({ index = 0, 0: found }) => {
    const around = text.slice(Math.max(0, index - NEAR), index) + text.slice(index + found.length, index + found.length + NEAR);
    return !ABOUT_TRANSACTIONS.test(around);
  });
}

/** Twelve words of the English list in a row, numbered, separated or not. @param {string} text */
function hasEnglish(text) {
  let run = 0;
  for (const [word] of text.toLowerCase().matchAll(/[\p{L}\p{M}]+/gu)) {
    run = ENGLISH.has(word.slice(0, 4)) && word.length <= 8 ? run + 1 : 0;
    if (run >= LEAST) return true;
  }
  return false;
}

/** Twelve characters of the Chinese lists that stand alone, as in a list; in prose they stand together. @param {string} text */
function hasChinese(text) {
  let run = 0;
  for (const [part] of text.matchAll(/\p{Script=Han}+|[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}a-z]+/giu)) {
    const listed = [...part].every((character) => CHINESE.has(character));
    if (listed && part.length >= LEAST && part.length % 3 === 0 && part.length <= 24 && ALONE(text, part)) return true;
    run = listed && part.length === 1 ? run + 1 : 0;
    if (run >= LEAST) return true;
  }
  return false;
}

/** Whether a run of characters is a line of its own. @param {string} text @param {string} part */
const ALONE = (text, part) => text.split(/\n/).some((line) => line.trim() === part);
