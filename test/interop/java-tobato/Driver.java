import com.github.tobato.fastdfs.FdfsClientConfig;
import com.github.tobato.fastdfs.domain.fdfs.FileInfo;
import com.github.tobato.fastdfs.domain.fdfs.GroupState;
import com.github.tobato.fastdfs.domain.fdfs.MetaData;
import com.github.tobato.fastdfs.domain.fdfs.StorageState;
import com.github.tobato.fastdfs.domain.fdfs.StorePath;
import com.github.tobato.fastdfs.domain.fdfs.ThumbImageConfig;
import com.github.tobato.fastdfs.domain.proto.storage.DownloadByteArray;
import com.github.tobato.fastdfs.domain.proto.storage.DownloadFileWriter;
import com.github.tobato.fastdfs.service.AppendFileStorageClient;
import com.github.tobato.fastdfs.service.FastFileStorageClient;
import com.github.tobato.fastdfs.service.TrackerClient;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.File;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import javax.imageio.ImageIO;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.EnableMBeanExport;
import org.springframework.context.annotation.Import;
import org.springframework.jmx.support.RegistrationPolicy;

/**
 * Drives the Spring client of the tutorials (com.github.tobato:fastdfs-client), unmodified, configured as they do:
 * `fdfs.*` properties, FdfsClientConfig imported, its beans taken from the context.
 */
@EnableConfigurationProperties
@Import(FdfsClientConfig.class)
@EnableMBeanExport(registration = RegistrationPolicy.IGNORE_EXISTING)
public class Driver {
  private static FastFileStorageClient client;
  private static AppendFileStorageClient appendClient;
  private static TrackerClient tracker;
  private static ThumbImageConfig thumb;
  private static StorePath id;
  private static StorePath appender;

  public static void main(String[] args) throws Exception {
    String group = args[2];
    File folder = new File(args[3]);
    byte[] small = Checks.sampleWithCrc(1500, false);
    byte[] high = Checks.sampleWithCrc(1200, true);
    byte[] large = Checks.sample(3000017, 7);
    String path = "M00/[0-9A-F]{2}/[0-9A-F]{2}/[\\w-]{30}\\.";

    Checks.check("spring-context", () -> {
      SpringApplication application = new SpringApplication(Driver.class);
      application.setWebApplicationType(WebApplicationType.NONE);
      ConfigurableApplicationContext context = application.run(
          "--fdfs.tracker-list[0]=" + args[0] + ":" + args[1],
          "--fdfs.so-timeout=3000",
          "--fdfs.connect-timeout=5000",
          "--fdfs.thumb-image.width=60",
          "--fdfs.thumb-image.height=40",
          "--logging.level.root=WARN");
      client = context.getBean(FastFileStorageClient.class);
      appendClient = context.getBean(AppendFileStorageClient.class);
      tracker = context.getBean(TrackerClient.class);
      thumb = context.getBean(ThumbImageConfig.class);
    });
    Checks.check("upload-stream", () -> {
      Set<MetaData> meta = new HashSet<>(Arrays.asList(new MetaData("Author", "me"), new MetaData("Kind", "图片")));
      id = client.uploadFile(new ByteArrayInputStream(small), small.length, "txt", meta);
      Checks.same("group", group, id.getGroup());
      Checks.matches(path + "txt", id.getPath());
    });
    Checks.check("get-metadata", () -> {
      Checks.same("metadata", "{Author=me, Kind=图片}", pairs(client.getMetadata(group, id.getPath())));
    });
    Checks.check("file-info", () -> {
      FileInfo info = client.queryFileInfo(group, id.getPath());
      Checks.same("size", (long) small.length, info.getFileSize());
      Checks.same("crc", Checks.crc(small), info.getCrc32() & 0xffffffffL);
      Checks.matches("127\\.0\\.\\d+\\.\\d+", info.getSourceIpAddr());
    });
    Checks.check("file-info-high-crc", () -> {
      StorePath made = client.uploadFile(group, new ByteArrayInputStream(high), high.length, "bin");
      Checks.same("crc", Checks.crc(high), client.queryFileInfo(group, made.getPath()).getCrc32() & 0xffffffffL);
    });
    Checks.check("upload-to-group", () -> {
      StorePath made = client.uploadFile(group, new ByteArrayInputStream(small), small.length, "txt");
      Checks.matches(path + "txt", made.getPath());
    });
    Checks.check("upload-to-unknown-group", () -> {
      Checks.mustFail(() -> client.uploadFile("nosuch", new ByteArrayInputStream(small), small.length, "txt"));
    });
    Checks.check("upload-3mb", () -> {
      StorePath made = client.uploadFile(group, new ByteArrayInputStream(large), large.length, "bin");
      Checks.same(large, client.downloadFile(group, made.getPath(), new DownloadByteArray()));
    });
    Checks.check("upload-image-and-thumb", () -> {
      ByteArrayOutputStream png = new ByteArrayOutputStream();
      ImageIO.write(new BufferedImage(300, 200, BufferedImage.TYPE_INT_RGB), "png", png);
      byte[] image = png.toByteArray();
      Set<MetaData> meta = new HashSet<>(Arrays.asList(new MetaData("Author", "me")));
      StorePath made = client.uploadImageAndCrtThumbImage(new ByteArrayInputStream(image), image.length, "png", meta);
      Checks.same(image, client.downloadFile(group, made.getPath(), new DownloadByteArray()));
      String small60 = thumb.getThumbImagePath(made.getPath());
      byte[] found = client.downloadFile(group, small60, new DownloadByteArray());
      BufferedImage decoded = ImageIO.read(new ByteArrayInputStream(found));
      Checks.same("thumb fits 60x40", true, decoded.getWidth() <= 60 && decoded.getHeight() <= 40);
    });
    Checks.check("slave-upload", () -> {
      StorePath slave = client.uploadSlaveFile(
          group, id.getPath(), new ByteArrayInputStream(high), high.length, "_120x120", "txt");
      Checks.same("path", id.getPath().replace(".txt", "_120x120.txt"), slave.getPath());
      Checks.same(high, client.downloadFile(group, slave.getPath(), new DownloadByteArray()));
    });
    Checks.check("download-whole", () -> {
      Checks.same(small, client.downloadFile(group, id.getPath(), new DownloadByteArray()));
    });
    Checks.check("download-part", () -> {
      byte[] found = client.downloadFile(group, id.getPath(), 100, 300, new DownloadByteArray());
      Checks.same(Arrays.copyOfRange(small, 100, 400), found);
    });
    Checks.check("download-to-file", () -> {
      File target = new File(folder, "down");
      client.downloadFile(group, id.getPath(), new DownloadFileWriter(target.getPath()));
      Checks.same(small, Files.readAllBytes(target.toPath()));
    });
    Checks.check("appender-upload", () -> {
      appender = appendClient.uploadAppenderFile(group, new ByteArrayInputStream(small), small.length, "log");
      Checks.matches(path + "log", appender.getPath());
    });
    Checks.check("appender-append", () -> {
      appendClient.appendFile(group, appender.getPath(), new ByteArrayInputStream(high), high.length);
      Checks.same(Checks.join(small, high), client.downloadFile(group, appender.getPath(), new DownloadByteArray()));
    });
    Checks.check("appender-modify", () -> {
      byte[] text = "MODIFIED".getBytes();
      appendClient.modifyFile(group, appender.getPath(), new ByteArrayInputStream(text), text.length, 100);
      byte[] expected = Checks.join(small, high);
      System.arraycopy(text, 0, expected, 100, text.length);
      Checks.same(expected, client.downloadFile(group, appender.getPath(), new DownloadByteArray()));
    });
    Checks.check("appender-truncate", () -> {
      appendClient.truncateFile(group, appender.getPath(), 50);
      Checks.same(Arrays.copyOf(small, 50), client.downloadFile(group, appender.getPath(), new DownloadByteArray()));
    });
    Checks.check("appender-truncate-to-zero", () -> {
      appendClient.truncateFile(group, appender.getPath());
      Checks.same("size", 0L, client.queryFileInfo(group, appender.getPath()).getFileSize());
    });
    Checks.check("append-to-normal-file", () -> {
      Checks.mustFail(() -> appendClient.appendFile(group, id.getPath(), new ByteArrayInputStream(high), high.length));
    });
    Checks.check("metadata-overwrite", () -> {
      Set<MetaData> meta = new HashSet<>(Arrays.asList(new MetaData("width", "1024"), new MetaData("height", "768")));
      client.overwriteMetadata(group, id.getPath(), meta);
      Checks.same("metadata", "{height=768, width=1024}", pairs(client.getMetadata(group, id.getPath())));
    });
    Checks.check("metadata-merge", () -> {
      Set<MetaData> meta = new HashSet<>(Arrays.asList(new MetaData("height", "1"), new MetaData("zz", "top")));
      client.mergeMetadata(group, id.getPath(), meta);
      Checks.same("metadata", "{height=1, width=1024, zz=top}", pairs(client.getMetadata(group, id.getPath())));
    });
    Checks.check("choose-storages", () -> {
      Checks.same("store group", group, tracker.getStoreStorage().getGroupName());
      Checks.same("fetch group", group, tracker.getFetchStorage(group, id.getPath()).getGroupName());
    });
    Checks.check("list-groups", () -> {
      List<GroupState> groups = tracker.listGroups();
      Checks.same("groups", 1, groups.size());
      Checks.same("name", group, groups.get(0).getGroupName());
    });
    Checks.check("list-storages", () -> {
      List<StorageState> storages = tracker.listStorages(group);
      Checks.same("storages", 1, storages.size());
    });
    Checks.check("delete", () -> client.deleteFile(id.getFullPath()));
    Checks.check("gone-after-delete", () -> {
      Checks.mustFail(() -> client.downloadFile(group, id.getPath(), new DownloadByteArray()));
    });
    Checks.check("delete-again", () -> Checks.mustFail(() -> client.deleteFile(id.getFullPath())));
    System.exit(0);
  }

  private static String pairs(Set<MetaData> meta) {
    TreeMap<String, String> sorted = new TreeMap<>();
    for (MetaData pair : meta) sorted.put(pair.getName(), pair.getValue());
    return sorted.toString();
  }
}
