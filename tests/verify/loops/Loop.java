import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.HexFormat;

/** Runs Verify.verify on each line of standard input: LICENSE, KEY, PRODUCT, TIME, with | between. */
public final class Loop {
    public static void main(String[] arguments) throws Exception {
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            String[] fields = line.split("\\|");
            try {
                byte[] license = Files.readAllBytes(Path.of(fields[0]));
                byte[] payload =
                        Verify.verify(license, Files.readString(Path.of(fields[1])), fields[2], Instant.parse(fields[3]));
                byte[] digest = MessageDigest.getInstance("SHA-256").digest(payload);
                System.out.println("ok " + HexFormat.of().formatHex(digest));
            } catch (Verify.RefusedException reason) {
                System.out.println("refused " + reason.getMessage());
            } catch (Exception | StackOverflowError bug) {
                System.out.println("error " + bug);
            }
        }
    }
}
