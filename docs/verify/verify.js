// Verifies a shipper license. Needs nothing but Node.js 16 or newer.
//
// node verify.js LICENSE VENDOR.pub PRODUCT [TIME]
'use strict';
const crypto = require('node:crypto');
const fs = require('node:fs');

const TYPE = 'application/vnd.shipper.license.v1+json';
// Base64 with padding whose unused bits are zero: one text for any bytes
const BASE64 = '(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=|[A-Za-z0-9+/][AQgw]==)?';
const SIGNATURE = String.raw`\{"keyid":"([ !#-\[\]-~]*)","sig":"(${BASE64})"\}`;
const ENVELOPE = new RegExp(
  String.raw`^\{"payloadType":"${TYPE.replace(/[.+]/g, '\\$&')}","payload":"(${BASE64})",` +
    String.raw`"signatures":\[(${SIGNATURE}(?:,${SIGNATURE})*)\]\}$`,
);
const TIME = /^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$/;

class RefusedError extends Error {}

// The envelope's JSON from any of its three forms: itself, its base64, the license file.
function envelope(text) {
  if (text.startsWith('{')) return text;
  const body = text.startsWith('-') ? text.split(/\r?\n/).slice(1, -2).join('') : text;
  const found = Buffer.from(body, 'base64').toString('latin1');
  const encoded = Buffer.from(found, 'latin1').toString('base64');
  const lines = encoded.match(/.{1,64}/g) || [];
  const file = ['-----BEGIN SHIPPER LICENSE-----', ...lines, '-----END SHIPPER LICENSE-----', ''];
  return [encoded, file.join('\n'), file.join('\r\n')].includes(text) ? found : '';
}

// The signed payload (a Buffer) of a license (a Buffer); throws RefusedError.
// publicKey is the vendor's in PEM; now is in milliseconds, as of Date.now().
function verify(license, publicKey, product, now) {
  const match = license.length <= 65536 ? ENVELOPE.exec(envelope(license.toString('latin1'))) : null;
  const signatures = match ? [...match[2].matchAll(new RegExp(SIGNATURE, 'g'))] : [];
  const byKey = new Map(signatures.map(([, keyid, signature]) => [keyid, signature]));
  if (!match || !match[1] || byKey.size < signatures.length) throw new RefusedError('it is no license in its one form');
  const key = crypto.createPublicKey(publicKey);
  const keyid = crypto.createHash('sha256').update(key.export({ type: 'spki', format: 'der' })).digest('hex');
  if (!byKey.has(keyid)) throw new RefusedError('it is not signed by the trusted key');
  const payload = Buffer.from(match[1], 'base64');
  const signed = Buffer.concat([Buffer.from(`DSSEv1 ${TYPE.length} ${TYPE} ${payload.length} `), payload]);
  const signature = Buffer.from(byKey.get(keyid), 'base64');
  if (signature.length !== 64 || !crypto.verify(null, signed, key, signature)) {
    throw new RefusedError('its signature is wrong');
  }
  let fields;
  try {
    fields = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload));
  } catch {
    fields = null;
  }
  const { version, not_before: begin, expires_at: end, grace_days: grace } = fields || {};
  const times = end === null ? [begin] : [begin, end];
  const good = Number.isInteger(grace) && grace >= 0 && grace <= 36500 && times.every((time) => TIME.test(time));
  if (version !== 1 || !good) throw new RefusedError('its payload is of another version or form');
  if (fields.product !== product) throw new RefusedError('it is for another product');
  // Asked this way round, since nothing compares with a time that is none
  if (!(now >= Date.parse(begin))) throw new RefusedError('it is not valid yet');
  if (end !== null && !(now < Date.parse(end) + grace * 86400000)) throw new RefusedError('it has expired');
  return payload;
}

if (require.main === module) {
  const [license, publicKey, product, time] = process.argv.slice(2);
  const now = time ? Date.parse(time) : Date.now();
  try {
    process.stdout.write(verify(fs.readFileSync(license), fs.readFileSync(publicKey), product, now));
  } catch (error) {
    process.stderr.write(error instanceof RefusedError ? `license refused: ${error.message}\n` : `${error.message}\n`);
    process.exitCode = 1;
  }
}

module.exports = { verify, RefusedError };
