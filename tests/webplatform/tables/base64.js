// atob and btoa: https://html.spec.whatwg.org/#atob, forgiving base64 of the infra standard
const bytes = (text) => [...text].map((unit) => unit.charCodeAt(0));
// cases
btoa("") // => ""
btoa("a") // => "YQ=="
btoa("ab") // => "YWI="
btoa("abc") // => "YWJj"
btoa("abcd") // => "YWJjZA=="
btoa("Hello, World!") // => "SGVsbG8sIFdvcmxkIQ=="
btoa("\0") // => "AA=="
btoa("\xff") // => "/w=="
btoa("\xff\xfe\xfd") // => "//79"
btoa("\u0100") // => throws InvalidCharacterError
btoa("€") // => throws InvalidCharacterError
btoa("\u{1F600}") // => throws InvalidCharacterError
btoa(undefined) // => "dW5kZWZpbmVk"
btoa(null) // => "bnVsbA=="
btoa(12) // => "MTI="
btoa(true) // => "dHJ1ZQ=="
btoa({}) // => "W29iamVjdCBPYmplY3Rd"
btoa() // => throws TypeError
btoa([1, 2]) // => "MSwy"
btoa("\n") // => "Cg=="
btoa("subjects?_d") // => "c3ViamVjdHM/X2Q="
btoa("~~~") // => "fn5+"
btoa("a".repeat(57)) // => "YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFh"
btoa("a".repeat(100)).length // => 136
atob("") // => ""
atob("YQ==") // => "a"
atob("YQ") // => "a"
atob("YQ=") // => throws InvalidCharacterError
atob("YWI=") // => "ab"
atob("YWI") // => "ab"
atob("YWJj") // => "abc"
atob("YWJjZA==") // => "abcd"
atob("YWJjZA") // => "abcd"
atob("SGVsbG8sIFdvcmxkIQ==") // => "Hello, World!"
bytes(atob("AA==")) // => [0]
bytes(atob("/w==")) // => [255]
bytes(atob("//79")) // => [255,254,253]
bytes(atob("__79")) // => throws InvalidCharacterError
atob("-_") // => throws InvalidCharacterError
atob("a") // => throws InvalidCharacterError
atob("ab") // => "i"
atob("abc") // => "i·"
atob("abcd") // => "i·\u001d"
atob("abcde") // => throws InvalidCharacterError
atob("ab=") // => throws InvalidCharacterError
atob("ab==") // => "i"
atob("ab===") // => throws InvalidCharacterError
atob("abc=") // => "i·"
atob("abc==") // => throws InvalidCharacterError
atob("abcd=") // => throws InvalidCharacterError
atob("abcd==") // => throws InvalidCharacterError
atob("=") // => throws InvalidCharacterError
atob("==") // => throws InvalidCharacterError
atob("===") // => throws InvalidCharacterError
atob("a=") // => throws InvalidCharacterError
atob("a==") // => throws InvalidCharacterError
atob("=a") // => throws InvalidCharacterError
atob("ab=c") // => throws InvalidCharacterError
atob(" YQ==") // => "a"
atob("YQ== ") // => "a"
atob(" Y Q = = ") // => "a"
atob("Y\tQ\n=\f=\r") // => "a"
atob("Y\vQ==") // => throws InvalidCharacterError
atob("Y\u00a0Q==") // => throws InvalidCharacterError
atob("YQ==\0") // => throws InvalidCharacterError
atob("YQ*=") // => throws InvalidCharacterError
atob("é") // => throws InvalidCharacterError
atob("\u{1F600}") // => throws InvalidCharacterError
bytes(atob(undefined)) // => throws InvalidCharacterError
bytes(atob(null)) // => [158,233,101]
bytes(atob(12)) // => [215]
bytes(atob("true")) // => [182,187,158]
atob({}) // => throws InvalidCharacterError
atob() // => throws TypeError
bytes(atob("NaN")) // => [53,163]
bytes(atob("Infinity")) // => [34,119,226,158,43,114]
bytes(atob("0")) // => throws InvalidCharacterError
bytes(atob("000")) // => [211,77]
bytes(atob("0000")) // => [211,77,52]
bytes(atob("/A")) // => [252]
bytes(atob("/B")) // => [252]
bytes(atob("//A")) // => [255,240]
bytes(atob("//B")) // => [255,240]
bytes(atob("YR==")) // => [97]
bytes(atob("YWJ=")) // => [97,98]
atob(btoa("round trip")) // => "round trip"
bytes(atob(btoa("\x00\x01\x7f\x80\xff"))) // => [0,1,127,128,255]
atob(btoa("a".repeat(1000))).length // => 1000
atob("YWJj\nZGVm") // => "abcdef"
atob("YWJj ZGVm") // => "abcdef"
atob("YWJj-ZGVm") // => throws InvalidCharacterError
atob("YWJjZGV") // => "abcde"
atob("YWJjZGVm=") // => throws InvalidCharacterError
atob("YWJj====") // => throws InvalidCharacterError
atob("====") // => throws InvalidCharacterError
atob("A") // => throws InvalidCharacterError
bytes(atob("AB")) // => [0]
bytes(atob("ABC")) // => [0,16]
bytes(atob("ABCD")) // => [0,16,131]
atob("ABCDE") // => throws InvalidCharacterError
bytes(atob("+/+/")) // => [251,255,191]
atob("YQ=\t=") // => "a"
atob("YQ\n==\n") // => "a"
typeof atob // => "function"
typeof btoa // => "function"
atob.name // => "atob"
btoa.length // => 1
atob.length // => 1
Object.getOwnPropertyDescriptor(globalThis, "atob").configurable // => true
atob(new String("YQ==")) // => "a"
btoa(new String("a")) // => "YQ=="
atob(["YQ=="]) // => "a"
atob(Symbol("x")) // => throws TypeError
btoa(Symbol("x")) // => throws TypeError
(() => { try { atob("a"); } catch (error) { return [error.name, error.code, error instanceof DOMException]; } })() // => ["InvalidCharacterError",5,true]
(() => { try { btoa("€"); } catch (error) { return [error.name, error.code, error instanceof DOMException]; } })() // => ["InvalidCharacterError",5,true]
decodeURIComponent(escape(atob("w6k="))) // => "é"
btoa(unescape(encodeURIComponent("é"))) // => "w6k="
btoa(String.fromCharCode(...new Uint8Array([1, 2, 3]))) // => "AQID"
JSON.parse(atob("eyJhIjoxfQ==")) // => {"a":1}
