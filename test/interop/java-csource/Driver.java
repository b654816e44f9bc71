import java.io.ByteArrayOutputStream;
import java.io.File;
import java.io.OutputStream;
import java.nio.file.Files;
import java.util.Properties;
import java.util.TreeMap;
import org.csource.common.NameValuePair;
import org.csource.fastdfs.ClientGlobal;
import org.csource.fastdfs.DownloadStream;
import org.csource.fastdfs.FileInfo;
import org.csource.fastdfs.ProtoCommon;
import org.csource.fastdfs.ServerInfo;
import org.csource.fastdfs.StorageClient1;
import org.csource.fastdfs.StorageServer;
import org.csource.fastdfs.StructGroupStat;
import org.csource.fastdfs.StructStorageStat;
import org.csource.fastdfs.TrackerClient;
import org.csource.fastdfs.TrackerServer;

/**
 * Drives the Java client of the tutorials (net.oschina.zcx7878:fastdfs-client-java), unmodified, in the order of the
 * tutorials' test class: upload with metadata, query info, get metadata, download; then everything else it offers.
 */
public final class Driver {
  private static TrackerClient tracker;
  private static TrackerServer trackerServer;
  private static StorageClient1 client;
  private static String id;
  private static String appender;
  private static String slave;

  public static void main(String[] args) throws Exception {
    String address = args[0] + ":" + args[1];
    String group = args[2];
    File folder = new File(args[3]);
    byte[] small = Checks.sampleWithCrc(1500, false);
    byte[] high = Checks.sampleWithCrc(1200, true);
    byte[] large = Checks.sample(3000017, 7);
    File source = new File(folder, "source.jpg");
    Files.write(source.toPath(), small);
    String idPattern = group + "/M00/[0-9A-F]{2}/[0-9A-F]{2}/[\\w-]{30}\\.";

    Checks.check("init-by-properties", () -> {
      Properties properties = new Properties();
      properties.put(ClientGlobal.PROP_KEY_TRACKER_SERVERS, address);
      properties.put(ClientGlobal.PROP_KEY_CONNECT_TIMEOUT_IN_SECONDS, "5");
      properties.put(ClientGlobal.PROP_KEY_NETWORK_TIMEOUT_IN_SECONDS, "30");
      ClientGlobal.initByProperties(properties);
      tracker = new TrackerClient();
      trackerServer = tracker.getConnection();
      client = new StorageClient1(trackerServer, null);
    });
    Checks.check("active-test", () -> {
      Checks.same("answer", true, ProtoCommon.activeTest(trackerServer.getSocket()));
    });
    Checks.check("upload-file", () -> {
      NameValuePair[] meta = {new NameValuePair("fileName", "source.jpg"), new NameValuePair("fileExtName", "jpg")};
      id = client.upload_file1(source.getPath(), "jpg", meta);
      Checks.matches(idPattern + "jpg", id);
    });
    Checks.check("file-info", () -> {
      FileInfo info = client.query_file_info1(id);
      Checks.same("size", (long) small.length, info.getFileSize());
      Checks.same("crc", Checks.crc(small), info.getCrc32() & 0xffffffffL);
      Checks.matches("127\\.0\\.\\d+\\.\\d+", info.getSourceIpAddr());
    });
    Checks.check("get-metadata", () -> {
      Checks.same("metadata", "{fileExtName=jpg, fileName=source.jpg}", pairs(client.get_metadata1(id)));
    });
    Checks.check("download-whole", () -> Checks.same(small, client.download_file1(id)));
    Checks.check("download-part", () -> {
      Checks.same(java.util.Arrays.copyOfRange(small, 100, 400), client.download_file1(id, 100, 300));
    });
    Checks.check("download-from-offset", () -> {
      Checks.same(java.util.Arrays.copyOfRange(small, 1400, 1500), client.download_file1(id, 1400, 0));
    });
    Checks.check("download-to-file", () -> {
      File target = new File(folder, "down");
      Checks.same("result", 0, client.download_file1(id, target.getPath()));
      Checks.same(small, Files.readAllBytes(target.toPath()));
    });
    Checks.check("download-to-stream", () -> {
      ByteArrayOutputStream target = new ByteArrayOutputStream();
      Checks.same("result", 0, client.download_file1(id, new DownloadStream(target)));
      Checks.same(small, target.toByteArray());
    });
    Checks.check("upload-buffer", () -> {
      String made = client.upload_file1(small, "txt", null);
      Checks.matches(idPattern + "txt", made);
      Checks.same(small, client.download_file1(made));
    });
    Checks.check("upload-to-group", () -> {
      Checks.matches(idPattern + "txt", client.upload_file1(group, small, "txt", null));
    });
    Checks.check("upload-stream", () -> {
      String made = client.upload_file1(group, small.length, (OutputStream out) -> {
        out.write(small);
        return 0;
      }, "gif", null);
      Checks.same(small, client.download_file1(made));
    });
    Checks.check("upload-to-unknown-group", () -> {
      Checks.mustFail(() -> {
        if (client.upload_file1("nosuch", small, "txt", null) == null) throw new Exception("null");
      });
    });
    Checks.check("upload-3mb", () -> {
      String made = client.upload_file1(large, "bin", null);
      Checks.same(large, client.download_file1(made));
    });
    Checks.check("file-info-high-crc", () -> {
      String made = client.upload_file1(high, "bin", null);
      Checks.same("crc", Checks.crc(high), client.query_file_info1(made).getCrc32() & 0xffffffffL);
    });
    Checks.check("slave-upload", () -> {
      slave = client.upload_file1(id, "_big", high, "png", null);
      Checks.same("id", id.replace(".jpg", "_big.png"), slave);
      Checks.same(high, client.download_file1(slave));
    });
    Checks.check("slave-info", () -> {
      FileInfo info = client.query_file_info1(slave);
      Checks.same("size", (long) high.length, info.getFileSize());
      Checks.same("crc", Checks.crc(high), info.getCrc32() & 0xffffffffL);
    });
    Checks.check("appender-upload", () -> {
      appender = client.upload_appender_file1(small, "log", null);
      Checks.matches(idPattern + "log", appender);
    });
    Checks.check("appender-append", () -> {
      Checks.same("result", 0, client.append_file1(appender, high));
      Checks.same(Checks.join(small, high), client.download_file1(appender));
    });
    Checks.check("appender-modify", () -> {
      Checks.same("result", 0, client.modify_file1(appender, 100, "MODIFIED".getBytes()));
      byte[] expected = Checks.join(small, high);
      System.arraycopy("MODIFIED".getBytes(), 0, expected, 100, 8);
      Checks.same(expected, client.download_file1(appender));
    });
    Checks.check("appender-truncate", () -> {
      Checks.same("result", 0, client.truncate_file1(appender, 50));
      Checks.same(java.util.Arrays.copyOf(small, 50), client.download_file1(appender));
    });
    Checks.check("appender-info", () -> {
      Checks.same("size", 50L, client.query_file_info1(appender).getFileSize());
    });
    Checks.check("append-to-normal-file", () -> {
      if (client.append_file1(id, high) == 0) throw new AssertionError("accepted");
    });
    Checks.check("metadata-overwrite", () -> {
      NameValuePair[] meta = {new NameValuePair("width", "1024"), new NameValuePair("height", "768")};
      Checks.same("result", 0, client.set_metadata1(id, meta, ProtoCommon.STORAGE_SET_METADATA_FLAG_OVERWRITE));
      Checks.same("metadata", "{height=768, width=1024}", pairs(client.get_metadata1(id)));
    });
    Checks.check("metadata-merge", () -> {
      NameValuePair[] meta = {new NameValuePair("height", "1"), new NameValuePair("zz", "top")};
      Checks.same("result", 0, client.set_metadata1(id, meta, ProtoCommon.STORAGE_SET_METADATA_FLAG_MERGE));
      Checks.same("metadata", "{height=1, width=1024, zz=top}", pairs(client.get_metadata1(id)));
    });
    Checks.check("choose-storages", () -> {
      StorageServer[] stores = tracker.getStoreStorages(trackerServer, group);
      Checks.same("store candidates", 1, stores.length);
      ServerInfo[] replicas = tracker.getFetchStorages1(trackerServer, id);
      Checks.same("fetch candidates", 1, replicas.length);
      Checks.matches("127\\.0\\.\\d+\\.\\d+", replicas[0].getIpAddr());
    });
    Checks.check("list-groups", () -> {
      StructGroupStat[] groups = tracker.listGroups(trackerServer);
      if (groups == null) throw new AssertionError("no list");
      Checks.same("groups", 1, groups.length);
      Checks.same("name", group, groups[0].getGroupName());
    });
    Checks.check("list-storages", () -> {
      StructStorageStat[] storages = tracker.listStorages(trackerServer, group);
      if (storages == null) throw new AssertionError("no list");
      Checks.same("storages", 1, storages.length);
      Checks.same("status", ProtoCommon.FDFS_STORAGE_STATUS_ACTIVE, storages[0].getStatus());
    });
    Checks.check("delete", () -> Checks.same("result", 0, client.delete_file1(id)));
    Checks.check("gone-after-delete", () -> {
      if (client.download_file1(id) != null) throw new AssertionError("still there");
      Checks.same("error", (byte) 2, client.getErrorCode());
    });
    Checks.check("delete-again", () -> Checks.same("result", 2, client.delete_file1(id)));
    System.exit(0);
  }

  private static String pairs(NameValuePair[] meta) {
    TreeMap<String, String> sorted = new TreeMap<>();
    if (meta == null) return "none";
    for (NameValuePair pair : meta) sorted.put(pair.getName(), pair.getValue());
    return sorted.toString();
  }
}
