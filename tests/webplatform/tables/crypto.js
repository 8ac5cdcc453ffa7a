// Web Cryptography: https://w3c.github.io/webcrypto/, as far as workers have it
const bytes = (text) => new TextEncoder().encode(text);
const hex = (buffer) => [...new Uint8Array(buffer)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
const digest = async (name, text) => hex(await crypto.subtle.digest(name, bytes(text)));
const key = (text, hash = "SHA-256", usages = ["sign", "verify"], extractable = false) => crypto.subtle.importKey("raw", bytes(text), { name: "HMAC", hash }, extractable, usages);
const sign = async (secret, text, hash) => hex(await crypto.subtle.sign("HMAC", await key(secret, hash), bytes(text)));
const pbkdf2 = async (secret, salt, iterations, bits, hash = "SHA-256") => hex(await crypto.subtle.deriveBits({ name: "PBKDF2", salt: bytes(salt), iterations, hash }, await crypto.subtle.importKey("raw", bytes(secret), "PBKDF2", false, ["deriveBits"]), bits));
const hkdf = async (secret, salt, info, bits, hash = "SHA-256") => hex(await crypto.subtle.deriveBits({ name: "HKDF", salt: bytes(salt), info: bytes(info), hash }, await crypto.subtle.importKey("raw", bytes(secret), "HKDF", false, ["deriveBits"]), bits));
const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
// cases
digest("SHA-1", "") // => "da39a3ee5e6b4b0d3255bfef95601890afd80709"
digest("SHA-256", "") // => "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
digest("SHA-384", "") // => "38b060a751ac96384cd9327eb1b1e36a21fdb71114be07434c0cc7bf63f6e1da274edebfe76f65fbd51ad2f14898b95b"
digest("SHA-512", "") // => "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e"
digest("SHA-1", "abc") // => "a9993e364706816aba3e25717850c26c9cd0d89d"
digest("SHA-256", "abc") // => "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
digest("SHA-384", "abc") // => "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7"
digest("SHA-512", "abc") // => "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
digest("sha-256", "abc") // => "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
digest({ name: "SHA-256" }, "abc") // => "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
digest({ name: "sha-512" }, "abc") // => "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f"
digest("SHA-256", "a".repeat(55)) // => "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318"
digest("SHA-256", "a".repeat(56)) // => "b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a"
digest("SHA-256", "a".repeat(63)) // => "7d3e74a05d7db15bce4ad9ec0658ea98e3f06eeecf16b4c6fff2da457ddc2f34"
digest("SHA-256", "a".repeat(64)) // => "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb"
digest("SHA-256", "a".repeat(65)) // => "635361c48bb9eab14198e76ea8ab7f1a41685d6ad62aa9146d301d4f17eb0ae0"
digest("SHA-512", "a".repeat(111)) // => "fa9121c7b32b9e01733d034cfc78cbf67f926c7ed83e82200ef86818196921760b4beff48404df811b953828274461673c68d04e297b0eb7b2b4d60fc6b566a2"
digest("SHA-512", "a".repeat(112)) // => "c01d080efd492776a1c43bd23dd99d0a2e626d481e16782e75d54c2503b5dc32bd05f0f1ba33e568b88fd2d970929b719ecbb152f58f130a407c8830604b70ca"
digest("SHA-512", "a".repeat(128)) // => "b73d1929aa615934e61a871596b3f3b33359f42b8175602e89f7e06e5f658a243667807ed300314b95cacdd579f3e33abdfbe351909519a846d465c59582f321"
digest("SHA-1", "a".repeat(1000)) // => "291e9a6c66994949b57ba5e650361e98fc36b1ba"
digest("SHA-256", "a".repeat(10000)) // => "27dd1f61b867b6a0f6e9d8a41c43231de52107e53ae424de8f847b821db4b711"
digest("SHA-256", "é€\u{1F600}") // => "df9226927fd572c1ee66eec85de1bb139497614899f36e4e90474cb71f6ef9d0"
digest("MD5", "abc") // => throws NotSupportedError
digest("SHA-224", "abc") // => throws NotSupportedError
digest("SHA256", "abc") // => throws NotSupportedError
digest("", "abc") // => throws NotSupportedError
digest({}, "abc") // => throws TypeError
digest(undefined, "abc") // => throws NotSupportedError
crypto.subtle.digest("SHA-256") // => throws TypeError
crypto.subtle.digest("SHA-256", "text") // => throws TypeError
crypto.subtle.digest("SHA-256", null) // => throws TypeError
(async () => hex(await crypto.subtle.digest("SHA-256", bytes("abc").buffer)))() // => "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
(async () => hex(await crypto.subtle.digest("SHA-256", new DataView(bytes("xabc").buffer, 1))))() // => "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
(async () => hex(await crypto.subtle.digest("SHA-256", bytes("xabcx").subarray(1, 4))))() // => "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
(async () => (await crypto.subtle.digest("SHA-256", bytes(""))) instanceof ArrayBuffer)() // => true
(async () => (await crypto.subtle.digest("SHA-384", bytes(""))).byteLength)() // => 48
crypto.subtle.digest("SHA-1", bytes("")) instanceof Promise // => true
sign("key", "The quick brown fox jumps over the lazy dog", "SHA-256") // => "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8"
sign("key", "The quick brown fox jumps over the lazy dog", "SHA-1") // => "de7c9b85b8b78aa6bc8a7a36f70a90701c9db4d9"
sign("key", "The quick brown fox jumps over the lazy dog", "SHA-384") // => "d7f4727e2c0b39ae0f1e40cc96f60242d5b7801841cea6fc592c5d3e1ae50700582a96cf35e1e554995fe4e03381c237"
sign("key", "The quick brown fox jumps over the lazy dog", "SHA-512") // => "b42af09057bac1e2d41708e48a902e09b5ff7f12ab428a4fe86653c73dd248fb82f948a549f7b791a5b41915ee4d1ec3935357e4e2317250d0372afa2ebeeb3a"
sign("k", "", "SHA-256") // => "8bb990c40a7d61cb97597a942125025be50ac8beb74436e3735b98893a7f6620"
sign("k".repeat(64), "data", "SHA-256") // => "93244b031118b8060c6619e5900fcf916faefb2d8d020fecb22ae0f62275db08"
sign("k".repeat(65), "data", "SHA-256") // => "a79b53d0bf1cb4bb00c301979e6e60ef792a435cafabd76ab9e8989bbdef2dff"
sign("k".repeat(200), "data", "SHA-512") // => "854e242c54ce5f31621a1f809881b3439c0a77fd594dc546b9b3a957cf6f7b5475a1302be9fde1ece18531982eaa2141907c8b2fbd8bec2e5b19b8312ace3f2b"
sign("key", "é", "sha-256") // => "e5eb9b0a697f5df0e9c03ffdd759f4b6edb39204332904d5eb74735b54259255"
sign("", "data", "SHA-256") // => throws DataError
sign("key", "data", "MD5") // => throws NotSupportedError
(async () => { const k = await key("key"); return crypto.subtle.verify("HMAC", k, await crypto.subtle.sign("HMAC", k, bytes("d")), bytes("d")); })() // => true
(async () => { const k = await key("key"); return crypto.subtle.verify("HMAC", k, await crypto.subtle.sign("HMAC", k, bytes("d")), bytes("e")); })() // => false
(async () => { const k = await key("key"); return crypto.subtle.verify("HMAC", k, new Uint8Array(32), bytes("d")); })() // => false
(async () => { const k = await key("key"); return crypto.subtle.verify("HMAC", k, new Uint8Array(0), bytes("d")); })() // => false
(async () => { const k = await key("key"); const s = await crypto.subtle.sign("HMAC", k, bytes("d")); return crypto.subtle.verify("HMAC", k, s.slice(0, 16), bytes("d")); })() // => false
(async () => { const k = await key("key"); const s = new Uint8Array(await crypto.subtle.sign("HMAC", k, bytes("d"))); return crypto.subtle.verify({ name: "hmac" }, k, new Uint8Array([...s, 0]), bytes("d")); })() // => false
(async () => crypto.subtle.sign("HMAC", await key("key", "SHA-256", ["verify"]), bytes("d")))() // => throws InvalidAccessError
(async () => crypto.subtle.verify("HMAC", await key("key", "SHA-256", ["sign"]), new Uint8Array(32), bytes("d")))() // => throws InvalidAccessError
crypto.subtle.sign("HMAC", {}, bytes("d")) // => throws TypeError
(async () => crypto.subtle.sign("AES-GCM", await key("key"), bytes("d")))() // => throws NotSupportedError
(async () => (await key("key")).type)() // => "secret"
(async () => (await key("key")).extractable)() // => false
(async () => (await key("key")).usages)() // => ["sign","verify"]
(async () => (await key("key")).algorithm)() // => {"name":"HMAC","hash":{"name":"SHA-256"},"length":24}
(async () => (await key("longer key", "SHA-512")).algorithm)() // => {"name":"HMAC","hash":{"name":"SHA-512"},"length":80}
(async () => (await key("key", "SHA-256", ["verify", "sign", "sign"])).usages)() // => ["sign","verify"] // node: ["verify","sign","sign"]
(async () => (await key("key")) instanceof CryptoKey)() // => true
(async () => Object.prototype.toString.call(await key("key")))() // => "[object CryptoKey]"
key("key", "SHA-256", []) // => throws SyntaxError
key("key", "SHA-256", ["encrypt"]) // => throws SyntaxError
key("key", "SHA-256", ["nope"]) // => throws TypeError
crypto.subtle.importKey("raw", "text", { name: "HMAC", hash: "SHA-256" }, false, ["sign"]) // => throws TypeError
crypto.subtle.importKey("raw", bytes("k"), "HMAC", false, ["sign"]) // => throws TypeError
crypto.subtle.importKey("raw", bytes("k"), "NOPE", false, ["sign"]) // => throws NotSupportedError
crypto.subtle.importKey("pkcs8", bytes("k"), { name: "HMAC", hash: "SHA-256" }, false, ["sign"]) // => throws NotSupportedError // node: throws Error
crypto.subtle.importKey("raw", bytes("k")) // => throws TypeError
(async () => hex(await crypto.subtle.exportKey("raw", await key("key", "SHA-256", ["sign"], true))))() // => "6b6579"
(async () => crypto.subtle.exportKey("raw", await key("key")))() // => throws InvalidAccessError // node: throws InvalidAccessException
(async () => { const { kty, k, alg, ext, key_ops } = await crypto.subtle.exportKey("jwk", await key("key", "SHA-256", ["sign"], true)); return [kty, k, alg, ext, key_ops]; })() // => ["oct","a2V5","HS256",true,["sign"]]
(async () => crypto.subtle.exportKey("spki", await key("key", "SHA-256", ["sign"], true)))() // => throws NotSupportedError // node: throws InvalidAccessError
(async () => hex(await crypto.subtle.sign("HMAC", await crypto.subtle.importKey("jwk", { kty: "oct", k: "a2V5" }, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]), bytes("d"))))() // => "d7e32b451f521ead8f5cb7755f0612c6b277566763068b94aac32d4478f64444"
(async () => hex(await crypto.subtle.sign("HMAC", await crypto.subtle.importKey("jwk", { kty: "oct", k: "a2V5", alg: "HS256" }, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]), bytes("d"))))() // => "d7e32b451f521ead8f5cb7755f0612c6b277566763068b94aac32d4478f64444"
crypto.subtle.importKey("jwk", { kty: "oct", k: "a2V5", alg: "HS512" }, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]) // => throws DataError
crypto.subtle.importKey("jwk", { kty: "RSA", k: "a2V5" }, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]) // => throws DataError
crypto.subtle.importKey("jwk", { kty: "oct" }, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]) // => throws DataError
(async () => { const k = await crypto.subtle.generateKey({ name: "HMAC", hash: "SHA-256" }, true, ["sign", "verify"]); return [k.algorithm.length, (await crypto.subtle.exportKey("raw", k)).byteLength]; })() // => [512,64]
(async () => (await crypto.subtle.generateKey({ name: "HMAC", hash: "SHA-512" }, true, ["sign"])).algorithm)() // => {"name":"HMAC","hash":{"name":"SHA-512"},"length":1024} // node: {"name":"HMAC","length":1024,"hash":{"name":"SHA-512"}}
(async () => (await crypto.subtle.generateKey({ name: "HMAC", hash: "SHA-256", length: 128 }, true, ["sign"])).algorithm.length)() // => 128
crypto.subtle.generateKey({ name: "HMAC", hash: "SHA-256" }, true, []) // => throws SyntaxError
crypto.subtle.generateKey({ name: "HMAC" }, true, ["sign"]) // => throws TypeError
(async () => { const make = () => crypto.subtle.generateKey({ name: "HMAC", hash: "SHA-256" }, true, ["sign"]).then((k) => crypto.subtle.exportKey("raw", k)).then(hex); return (await make()) === (await make()); })() // => false
pbkdf2("password", "salt", 1, 256) // => "120fb6cffcf8b32c43e7225256c4f837a86548c92ccc35480805987cb70be17b"
pbkdf2("password", "salt", 2, 160, "SHA-1") // => "ea6c014dc72d6f8ccd1ed92ace1d41f0d8de8957"
pbkdf2("password", "salt", 100, 512, "SHA-512") // => "fef7276b107040a0a713bcbec9fd3e191cc6153249e245a3e1a22087dbe616060bbfc8411c6363f3c10ab5d02a56c38e2066a4e205b0ca8f959fd731e5fa584b"
pbkdf2("", "", 1, 256) // => "f7ce0b653d2d72a4108cf5abe912ffdd777616dbbb27a70e8204f3ae2d0f6fad"
pbkdf2("password", "salt", 0, 256) // => throws OperationError
pbkdf2("password", "salt", 1, 7) // => throws OperationError
pbkdf2("password", "salt", 1, 256, "MD5") // => throws NotSupportedError
crypto.subtle.importKey("raw", bytes("p"), "PBKDF2", true, ["deriveBits"]) // => throws SyntaxError
crypto.subtle.importKey("raw", bytes("p"), "PBKDF2", false, ["sign"]) // => throws SyntaxError
hkdf("secret", "salt", "info", 256) // => "f6d2fcc47cb939deafe3853a1e641a27e6924aff7a63d09cb04ccfffbe4776ef"
hkdf("secret", "", "", 256) // => "2f34e5ff91ec85d53ca9b543683174d0cf550b60d5f52b24c97b386cfcf6cbbf"
hkdf("secret", "salt", "info", 512, "SHA-512") // => "90e269f053d383c4b2070be93238adf358f3d67bd7b17ca3de95f10a50a8385e66d8241c8c22c91cee75d7bda92e8111236b71b63c8f05973947428074d272f0"
hkdf("secret", "salt", "info", 336, "SHA-1") // => "6a081dab87a8a9188fd19dc66e9c428e0f80e487ff2d3ac4c863736a84e7052d9fdc9bf57ffb98f38e0f"
(async () => { const base = await crypto.subtle.importKey("raw", bytes("p"), "PBKDF2", false, ["deriveKey"]); const k = await crypto.subtle.deriveKey({ name: "PBKDF2", salt: bytes("s"), iterations: 3, hash: "SHA-256" }, base, { name: "HMAC", hash: "SHA-256", length: 256 }, true, ["sign"]); return hex(await crypto.subtle.exportKey("raw", k)); })() // => "3c174b26bc748c193e403d2d198cf1a278daad183cc2342a2aaef3af44d55be2"
uuid.test(crypto.randomUUID()) // => true
crypto.randomUUID() === crypto.randomUUID() // => false
crypto.getRandomValues(new Uint8Array(0)).length // => 0
crypto.getRandomValues(new Uint8Array(65536)).length // => 65536
crypto.getRandomValues(new Uint8Array(65537)) // => throws QuotaExceededError
crypto.getRandomValues(new Uint32Array(4)).length // => 4
crypto.getRandomValues(new BigUint64Array(2)).length // => 2
crypto.getRandomValues(new Float64Array(1)) // => throws TypeMismatchError
crypto.getRandomValues(new DataView(new ArrayBuffer(4))) // => throws TypeMismatchError
crypto.getRandomValues([1, 2]) // => throws TypeMismatchError
crypto.getRandomValues() // => throws TypeError
(() => { const a = new Uint8Array(4); return crypto.getRandomValues(a) === a; })() // => true
(() => { const a = new Uint8Array(8); crypto.getRandomValues(a.subarray(4)); return [...a.slice(0, 4)]; })() // => [0,0,0,0]
hex(crypto.getRandomValues(new Uint8Array(32)).buffer) === hex(crypto.getRandomValues(new Uint8Array(32)).buffer) // => false
new Set(crypto.getRandomValues(new Uint8Array(10000))).size // => 256
Object.prototype.toString.call(crypto) // => "[object Crypto]"
Object.prototype.toString.call(crypto.subtle) // => "[object SubtleCrypto]"
crypto instanceof Crypto // => true
new Crypto() // => throws TypeError
new CryptoKey() // => throws TypeError
new SubtleCrypto() // => throws TypeError
crypto.subtle === crypto.subtle // => true
typeof crypto.subtle.encrypt === "function" || "absent" // => true
