import java.io.PrintStream;
import java.util.Arrays;
import java.util.zip.CRC32;

/**
 * What both Java drivers share: named checks, one line each: "ok NAME", "not ok NAME: reason" or "n/a NAME".
 * It knows no client.
 */
final class Checks {
  interface Body {
    void run() throws Exception;
  }

  /** The clients print to standard output themselves; result lines go to the real one. */
  private static final PrintStream OUT = System.out;

  static {
    System.setOut(System.err);
  }

  static void check(String name, Body body) {
    try {
      body.run();
      OUT.println("ok " + name);
    } catch (Throwable error) {
      Throwable cause = error;
      while (cause.getCause() != null) cause = cause.getCause();
      OUT.println("not ok " + name + ": " + cause.toString().replaceAll("\\s+", " "));
      cause.printStackTrace();
    }
    OUT.flush();
  }

  static void notOffered(String... names) {
    for (String name : names) OUT.println("n/a " + name);
  }

  static void mustFail(Body body) {
    try {
      body.run();
    } catch (NullPointerException fault) {
      throw fault;
    } catch (Throwable expected) {
      return;
    }
    throw new AssertionError("expected a failure, found none");
  }

  static void same(String what, Object expected, Object found) {
    if (!expected.equals(found)) throw new AssertionError(what + ": expected " + expected + ", found " + found);
  }

  static void same(byte[] expected, byte[] found) {
    if (found == null) throw new AssertionError("no content");
    same("length", expected.length, found.length);
    if (!Arrays.equals(expected, found)) throw new AssertionError("content differs");
  }

  static void matches(String pattern, String found) {
    if (found == null || !found.matches(pattern)) throw new AssertionError(found + " does not match " + pattern);
  }

  static byte[] join(byte[] first, byte[] second) {
    byte[] all = Arrays.copyOf(first, first.length + second.length);
    System.arraycopy(second, 0, all, first.length, second.length);
    return all;
  }

  static byte[] sample(int length, int seed) {
    byte[] bytes = new byte[length];
    int state = seed;
    for (int index = 0; index < length; index++) {
      state = state * 1103515245 + 12345;
      bytes[index] = (byte) (state >>> 16);
    }
    return bytes;
  }

  /** Unsigned CRC-32. */
  static long crc(byte[] bytes) {
    CRC32 crc = new CRC32();
    crc.update(bytes);
    return crc.getValue();
  }

  /** A sample whose CRC has its top bit set or clear: the wire sign-extends the former. */
  static byte[] sampleWithCrc(int length, boolean high) {
    for (int seed = 1; ; seed++) {
      byte[] bytes = sample(length, seed);
      if ((crc(bytes) >= 0x80000000L) == high) return bytes;
    }
  }
}
