// Verifies a shipper license. Needs nothing but Java 17 or newer.
//
//   java Verify.java LICENSE VENDOR.pub PRODUCT [TIME]

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.MessageDigest;
import java.security.PublicKey;
import java.security.Signature;
import java.security.SignatureException;
import java.security.spec.X509EncodedKeySpec;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

public final class Verify {
    static final String TYPE = "application/vnd.shipper.license.v1+json";
    // Base64 with padding whose unused bits are zero: one text for any bytes. The + after * and ? keeps the stack small.
    static final String BASE64 =
            "(?:[A-Za-z0-9+/]{4})*+(?:[A-Za-z0-9+/]{2}[AEIMQUYcgkosw048]=|[A-Za-z0-9+/][AQgw]==)?+";
    static final String SIGNATURE = "\\{\"keyid\":\"([ !#-\\[\\]-~]*)\",\"sig\":\"(" + BASE64 + ")\"\\}";
    static final Pattern ENVELOPE = Pattern.compile(
            "\\{\"payloadType\":\"" + Pattern.quote(TYPE) + "\",\"payload\":\"(" + BASE64
            + ")\",\"signatures\":\\[(" + SIGNATURE + "(?:," + SIGNATURE + ")*+)\\]\\}");
    static final String TIME = "[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z";

    public static final class RefusedException extends Exception {
        RefusedException(String message) {
            super(message);
        }
    }

    /** The envelope's JSON from any of its three forms: itself, its base64, the license file. */
    static String envelope(String text) {
        if (text.startsWith("{")) {
            return text;
        }
        String body = text.startsWith("-") ? text.replaceAll("-----[A-Z ]+-----|[\r\n]", "") : text;
        byte[] found;
        try {
            found = Base64.getDecoder().decode(body);
        } catch (IllegalArgumentException foreign) {
            return "";
        }
        String encoded = Base64.getEncoder().encodeToString(found);
        String lines = encoded.replaceAll(".{64}(?=.)|.{1,64}$", "$0\n");
        String file = "-----BEGIN SHIPPER LICENSE-----\n" + lines + "-----END SHIPPER LICENSE-----\n";
        boolean exact = List.of(encoded, file, file.replace("\n", "\r\n")).contains(text);
        return exact ? new String(found, StandardCharsets.ISO_8859_1) : "";
    }

    /** The value of a field, as it is written; null unless it stands in the payload once. */
    static String field(String payload, String name, String value) {
        // Inside a text each quote has a backslash before it, so this matches names of fields only
        Matcher match = Pattern.compile("\"" + name + "\"\\s*:\\s*(" + value + ")\\s*[,}]").matcher(payload);
        String found = match.find() ? match.group(1) : null;
        return match.find() ? null : found;
    }

    /** The signed payload of a license; publicKey is the vendor's in PEM. */
    public static byte[] verify(byte[] license, String publicKey, String product, Instant now)
            throws GeneralSecurityException, RefusedException {
        String text = new String(license, StandardCharsets.ISO_8859_1);
        Matcher match = ENVELOPE.matcher(license.length <= 65536 ? envelope(text) : "");
        if (!match.matches() || match.group(1).isEmpty()) {
            throw new RefusedException("it is no license in its one form");
        }
        Map<String, String> byKey = new HashMap<>();
        for (Matcher each = Pattern.compile(SIGNATURE).matcher(match.group(2)); each.find(); ) {
            if (byKey.put(each.group(1), each.group(2)) != null) {
                throw new RefusedException("it is no license in its one form");
            }
        }
        byte[] der = Base64.getMimeDecoder().decode(publicKey.replaceAll("-----[A-Z ]+-----", ""));
        PublicKey key = KeyFactory.getInstance("Ed25519").generatePublic(new X509EncodedKeySpec(der));
        String keyid = HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(der));
        if (!byKey.containsKey(keyid)) {
            throw new RefusedException("it is not signed by the trusted key");
        }
        byte[] payload = Base64.getDecoder().decode(match.group(1));
        byte[] signature = Base64.getDecoder().decode(byKey.get(keyid));
        Signature verifier = Signature.getInstance("Ed25519");
        verifier.initVerify(key);
        verifier.update(("DSSEv1 " + TYPE.length() + " " + TYPE + " " + payload.length + " ").getBytes());
        verifier.update(payload);
        boolean holds;
        try {
            holds = signature.length == 64 && verifier.verify(signature); // Java takes 65 bytes, too
        } catch (SignatureException malformed) {
            holds = false;
        }
        if (!holds) {
            throw new RefusedException("its signature is wrong");
        }
        String json = new String(payload, StandardCharsets.UTF_8);
        String begin = field(json, "not_before", "\"" + TIME + "\"");
        String end = field(json, "expires_at", "null|\"" + TIME + "\"");
        String grace = field(json, "grace_days", "[0-9]{1,5}");
        if (field(json, "version", "1") == null || begin == null || end == null || grace == null) {
            throw new RefusedException("its payload is of another version or form");
        }
        if (!("\"" + product + "\"").equals(field(json, "product", "\"[^\"\\\\]*\""))) {
            throw new RefusedException("it is for another product");
        }
        if (now.isBefore(Instant.parse(begin.replace("\"", "")))) {
            throw new RefusedException("it is not valid yet");
        }
        Duration days = Duration.ofDays(Integer.parseInt(grace));
        if (!end.equals("null") && !now.isBefore(Instant.parse(end.replace("\"", "")).plus(days))) {
            throw new RefusedException("it has expired");
        }
        return payload;
    }

    public static void main(String[] arguments) throws Exception {
        Instant now = arguments.length > 3 ? Instant.parse(arguments[3]) : Instant.now();
        try {
            byte[] license = Files.readAllBytes(Path.of(arguments[0]));
            System.out.write(verify(license, Files.readString(Path.of(arguments[1])), arguments[2], now));
            System.out.flush();
        } catch (RefusedException reason) {
            System.err.println("license refused: " + reason.getMessage());
            System.exit(1);
        }
    }
}
