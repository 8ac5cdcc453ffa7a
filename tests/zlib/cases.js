// What the cases use. In Node and in a worker ``zlib`` is node:zlib, ``Readable`` that of node:stream.
const long = "the quick brown fox jumps over the lazy dog. ".repeat(400);
const told = (error) => [error.name, error.code, error.errno, error.message];
const caught = (fn) => { try { return fn(); } catch (error) { return told(error); } };
const back = (start) => new Promise((resolve) => start((error, value) => resolve(error ? told(error) : value.toString())));
const packed = Buffer.from("H4sIAAAAAAAAA8tIzcnJVyjPL8pJAQCFEUoNCwAAAA==", "base64");
const collect = (stream, ...chunks) => new Promise((resolve) => {
  const out = [];
  stream.on("data", (data) => out.push(data));
  stream.on("end", () => resolve(Buffer.concat(out)));
  stream.on("error", (error) => resolve(told(error)));
  for (const chunk of chunks) stream.write(chunk);
  stream.end();
});
// cases
zlib.gunzipSync(packed).toString()
zlib.gunzipSync(zlib.gzipSync(long)).toString() === long
zlib.inflateSync(zlib.deflateSync(long)).toString() === long
zlib.inflateRawSync(zlib.deflateRawSync(long)).toString() === long
zlib.unzipSync(zlib.gzipSync("gz")).toString()
zlib.unzipSync(zlib.deflateSync("zl")).toString()
zlib.deflateSync("hello").toString("hex")
zlib.deflateRawSync("hello").toString("hex")
zlib.gzipSync("hello").subarray(0, 8).toString("hex")
zlib.gzipSync("").length
zlib.inflateSync(zlib.deflateSync("")).length
zlib.deflateSync("aaaaaaaaaaaaaaaaaaaaaaaaaaaa", { level: 9 }).toString("hex")
zlib.deflateSync("abc", { level: 0 }).toString("hex")
zlib.deflateSync("abc", { strategy: zlib.constants.Z_FIXED }).toString("hex")
zlib.deflateSync("abc", { windowBits: 9, memLevel: 1 }).subarray(0, 2).toString("hex")
zlib.inflateSync(zlib.deflateSync(new Uint8Array([1, 2, 3]))).toJSON().data
zlib.inflateSync(zlib.deflateSync(new Uint16Array([1, 2]))).length
zlib.inflateSync(zlib.deflateSync(new Uint8Array([7, 8]).buffer)).toJSON().data
zlib.inflateSync(zlib.deflateSync("\u00e9\u{1f600}")).toString()
zlib.gunzipSync(Buffer.concat([zlib.gzipSync("one "), zlib.gzipSync("two")])).toString()
zlib.inflateSync(Buffer.concat([zlib.deflateSync("one"), Buffer.from("rest")])).toString()
zlib.gunzipSync(Buffer.concat([zlib.gzipSync("one"), Buffer.alloc(10)])).toString()
caught(() => zlib.gunzipSync("not gzip"))
caught(() => zlib.inflateSync("not zlib"))
caught(() => zlib.inflateRawSync(Buffer.from([255, 255, 255])))
caught(() => zlib.gunzipSync(packed.subarray(0, 20)))
caught(() => zlib.gunzipSync(Buffer.alloc(0)))
caught(() => zlib.gunzipSync(Buffer.concat([packed.subarray(0, 30), Buffer.from([0])])))
caught(() => { const bad = Buffer.from(packed); bad[packed.length - 5] ^= 1; return zlib.gunzipSync(bad); })
caught(() => { const bad = Buffer.from(packed); bad[packed.length - 1] ^= 1; return zlib.gunzipSync(bad); })
zlib.gunzipSync(packed.subarray(0, 20), { finishFlush: zlib.constants.Z_SYNC_FLUSH }).toString().length < 11
caught(() => zlib.gunzipSync(zlib.gzipSync(long), { maxOutputLength: 100 }))
zlib.gunzipSync(zlib.gzipSync("x".repeat(100)), { maxOutputLength: 100 }).length
caught(() => zlib.gzipSync(1)).slice(0, 2)
caught(() => zlib.gzipSync()).slice(0, 2)
caught(() => zlib.deflateSync("a", { level: 10 })).slice(0, 2)
caught(() => zlib.deflateSync("a", { level: "9" })).slice(0, 2)
caught(() => zlib.deflateSync("a", { windowBits: 20 })).slice(0, 2)
caught(() => zlib.gzip("a")).slice(0, 2)
zlib.inflateSync(zlib.deflateSync("hello hello", { dictionary: Buffer.from("hello") }), { dictionary: Buffer.from("hello") }).toString()
caught(() => zlib.inflateSync(zlib.deflateSync("hello hello", { dictionary: Buffer.from("hello") })))
caught(() => zlib.inflateSync(zlib.deflateSync("hello hello", { dictionary: Buffer.from("hello") }), { dictionary: Buffer.from("other") }))
back((done) => zlib.gunzip(packed, done))
back((done) => zlib.gunzip(packed, {}, done))
back((done) => zlib.gunzip("bad", done))
back((done) => zlib.gzip("x", (error, value) => zlib.unzip(value, done)))
back((done) => zlib.deflate("x", (error, value) => zlib.inflate(value, done)))
back((done) => zlib.deflateRaw("x", { level: 1 }, (error, value) => zlib.inflateRaw(value, done)))
(() => { const order = []; zlib.gunzip(packed, () => order.push("later")); order.push("now"); return order.slice(); })()
collect(zlib.createGunzip(), packed).then((data) => data.toString())
collect(zlib.createGunzip(), packed.subarray(0, 7), packed.subarray(7, 12), packed.subarray(12)).then((data) => data.toString())
collect(zlib.createGzip(), "a", "b").then((data) => zlib.gunzipSync(data).toString())
collect(zlib.createDeflate(), long).then((data) => zlib.inflateSync(data).length)
collect(zlib.createDeflateRaw({ level: 9 }), long).then((data) => zlib.inflateRawSync(data).length)
collect(zlib.createUnzip(), packed).then((data) => data.toString())
collect(zlib.createGunzip(), "not gzip")
collect(zlib.createGunzip(), packed.subarray(0, 20))
(async () => { let out = ""; for await (const piece of Readable.from([packed]).pipe(zlib.createGunzip())) out += piece; return out; })()
zlib.createGzip() instanceof zlib.Gzip
zlib.createGzip().constructor.name
zlib.constants.Z_BEST_COMPRESSION
zlib.codes.Z_DATA_ERROR
zlib.codes["-5"]
zlib.Z_SYNC_FLUSH
zlib.crc32("hello")
zlib.crc32("lo", zlib.crc32("hel"))
