// Runs the verify function of verify.js ($1) on each line of standard input: LICENSE, KEY, PRODUCT, TIME, with | between.
'use strict';
const crypto = require('node:crypto');
const fs = require('node:fs');
const { verify, RefusedError } = require(fs.realpathSync(process.argv[2]));

for (const line of fs.readFileSync(0, 'utf8').split('\n').filter(Boolean)) {
  const [license, key, product, time] = line.split('|');
  try {
    const payload = verify(fs.readFileSync(license), fs.readFileSync(key), product, Date.parse(time));
    console.log('ok ' + crypto.createHash('sha256').update(payload).digest('hex'));
  } catch (error) {
    console.log(error instanceof RefusedError ? `refused ${error.message}` : `error ${error}`);
  }
}
