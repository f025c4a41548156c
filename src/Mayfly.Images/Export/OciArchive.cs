using System.Formats.Tar;
using System.Globalization;
using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;
using Mayfly.Images.Layers;
using Mayfly.Packages;

namespace Mayfly.Images.Export;

/// <summary>
/// An OCI image layout (image-spec 1.1, image-layout.md) in a tar, with the <c>manifest.json</c> of Docker's own archives beside it.
/// </summary>
internal sealed class OciArchive(Image image, IReadOnlyList<LayerRecord> records, ImageConfiguration configuration)
{
    private const string Prefix = "application/vnd.oci.image.";

    private readonly DateTimeOffset _created = DateTimeOffset.FromUnixTimeSeconds(records.Max(static record => record.Epoch));

    /// <summary>Compresses a layer into <paramref name="folder"/> under the hash that it then has.</summary>
    public static OciDescriptor Compress(string tree, LayerRecord record, string folder, CancellationToken cancellationToken)
    {
        var aside = Path.Combine(folder, $"{record.Key}.gz");
        string digest;
        using (var file = new FileStream(aside, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 16))
        using (var compressed = new HashingStream(file))
        {
            using (var gzip = new GZipStream(compressed, CompressionLevel.Optimal, leaveOpen: true))
            using (var plain = new HashingStream(gzip))
            {
                LayerTar.Write(LayerWalk.Of(tree, cancellationToken), plain, record.Epoch);
                if ($"sha256:{plain.Finish()}" != record.Digest)
                    throw new MayflyException($"the layer '{record.Origin}' in the store is not what was built: its digest has changed", $"something wrote into the store; remove {Path.GetDirectoryName(tree)} and build the image again");
            }

            digest = $"sha256:{compressed.Finish()}";
        }

        File.Move(aside, Path.Combine(folder, digest[7..]), overwrite: true);
        return new OciDescriptor($"{Prefix}layer.v1.tar+gzip", digest, new FileInfo(Path.Combine(folder, digest[7..])).Length);
    }

    public void Write(Stream output, IReadOnlyList<OciDescriptor> layers, string blobFolder, CancellationToken cancellationToken)
    {
        var config = JsonSerializer.SerializeToUtf8Bytes(Config(), OciJson.Default.OciConfig);
        var configDescriptor = Describe("config.v1+json", config);
        var manifest = JsonSerializer.SerializeToUtf8Bytes(new OciManifest(2, $"{Prefix}manifest.v1+json", configDescriptor, layers), OciJson.Default.OciManifest);
        var manifestDescriptor = Describe("manifest.v1+json", manifest) with
        {
            Annotations = new(StringComparer.Ordinal) { ["org.opencontainers.image.ref.name"] = "latest" },
        };
        var index = JsonSerializer.SerializeToUtf8Bytes(new OciIndex(2, $"{Prefix}index.v1+json", [manifestDescriptor]), OciJson.Default.OciIndex);
        DockerManifest[] docker = [new(BlobPath(configDescriptor), [$"{Repository(image.Name)}:latest"], [.. layers.Select(BlobPath)])];

        using var tar = new TarWriter(output, TarEntryFormat.Ustar, leaveOpen: true);
        Add(tar, TarEntryType.Directory, "blobs/", null);
        Add(tar, TarEntryType.Directory, "blobs/sha256/", null);
        foreach (var layer in layers.DistinctBy(static layer => layer.Digest))
        {
            cancellationToken.ThrowIfCancellationRequested();
            using var blob = File.OpenRead(Path.Combine(blobFolder, layer.Digest[7..]));
            Add(tar, TarEntryType.RegularFile, BlobPath(layer), blob);
        }

        Add(tar, BlobPath(configDescriptor), config);
        Add(tar, BlobPath(manifestDescriptor), manifest);
        Add(tar, "index.json", index);
        Add(tar, "manifest.json", JsonSerializer.SerializeToUtf8Bytes(docker, OciJson.Default.DockerManifestArray));
        Add(tar, "oci-layout", "{\"imageLayoutVersion\":\"1.0.0\"}"u8.ToArray());
    }

    private OciConfig Config()
    {
        var created = _created.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);
        var (architecture, variant) = Architecture(image.Architecture);
        return new OciConfig
        {
            Created = created,
            Architecture = architecture,
            Variant = variant,
            Run = new OciRunConfig
            {
                User = configuration.User,
                WorkingDirectory = configuration.WorkingDirectory,
                Command = configuration.Command.Count > 0 ? configuration.Command : ["/bin/bash"],
                Environment = [.. Environment().Select(static pair => $"{pair.Key}={pair.Value}")],
                ExposedPorts = configuration.Ports.Count == 0 ? null
                    : new(configuration.Ports.ToDictionary(static port => string.Create(CultureInfo.InvariantCulture, $"{port}/tcp"), static _ => new OciEmpty()), StringComparer.Ordinal),
                Labels = FirstStart.ScriptFor(records.SelectMany(static record => record.LeftOut)) is { Length: > 0 } script ? new(StringComparer.Ordinal) { ["mayfly.first-start"] = script } : null,
            },
            RootFileSystem = new OciRootFileSystem("layers", [.. records.Select(static record => record.Digest)]),
            History = [.. records.Select(record => new OciHistory(created, record.Origin))],
        };
    }

    private SortedDictionary<string, string> Environment()
    {
        var environment = new SortedDictionary<string, string>(StringComparer.Ordinal) { ["PATH"] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" };
        foreach (var (name, value) in configuration.Environment)
            environment[name] = value;
        return environment;
    }

    /// <summary>OCI takes Go's names of architectures.</summary>
    private static (string Name, string? Variant) Architecture(string debian) => debian switch
    {
        "i386" => ("386", null),
        "armhf" => ("arm", "v7"),
        "armel" => ("arm", "v5"),
        "ppc64el" => ("ppc64le", null),
        "mips64el" => ("mips64le", null),
        _ => (debian, null),
    };

    /// <summary>Docker's grammar of repository names: lower-case letters, digits and single separators.</summary>
    private static string Repository(string name) =>
        string.Concat(name.ToLowerInvariant().Select(static c => char.IsAsciiLetterOrDigit(c) || c is '/' or '-' or '.' ? c : '-')).Trim('-', '.', '/') is { Length: > 0 } cleaned ? cleaned : "image";

    private static OciDescriptor Describe(string type, byte[] document) =>
        new($"{Prefix}{type}", $"sha256:{Convert.ToHexStringLower(SHA256.HashData(document))}", document.Length);

    private static string BlobPath(OciDescriptor blob) => $"blobs/sha256/{blob.Digest[7..]}";

    private void Add(TarWriter tar, string name, byte[] contents) => Add(tar, TarEntryType.RegularFile, name, new MemoryStream(contents));

    private void Add(TarWriter tar, TarEntryType type, string name, Stream? contents)
    {
        var entry = new UstarTarEntry(type, name)
        {
            ModificationTime = _created,
            Mode = type == TarEntryType.Directory ? (UnixFileMode)0x1ed : (UnixFileMode)0x1a4,
        };
        if (contents is not null)
            entry.DataStream = contents;
        tar.WriteEntry(entry);
    }
}
