using System.Buffers;
using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using Mayfly.Packages.Archives;
using Mayfly.Packages.Archives.Zip;
using Microsoft.Win32.SafeHandles;

namespace Mayfly.Packages.Python;

/// <summary>
/// A wheel (PEP 427) whose parts were found to fit each other: one folder of metadata, named as the file is; every file in its <c>RECORD</c>, and nothing
/// else there. What the files hold is compared with it as they are read (<see cref="CopyTo"/>).
/// </summary>
/// <remarks>"Wheel installers … should … verify the hashes in RECORD against the file contents" is in the PEP; few installers do.</remarks>
public sealed class WheelArchive
{
    private const int LargestText = 64 << 20;
    private const string Hint = "the project must mend it; take another version of it, or build it from its sources";

    private static readonly Dictionary<string, HashAlgorithmName> Algorithms = new() { ["sha256"] = HashAlgorithmName.SHA256, ["sha384"] = HashAlgorithmName.SHA384, ["sha512"] = HashAlgorithmName.SHA512 };

    private readonly ZipReader _zip;
    private readonly Dictionary<string, ZipEntry> _entries;
    private readonly Dictionary<string, RecordEntry> _record = new(StringComparer.Ordinal);
    private readonly string _file;

    private WheelArchive(string file, WheelName name, ZipReader zip)
    {
        (_file, _zip) = (file, zip);
        _entries = zip.Entries.ToDictionary(static entry => entry.Name, StringComparer.Ordinal);
        var folders = zip.Entries.Select(static entry => entry.Name.Split('/')[0]).Where(static folder => folder.EndsWith(".dist-info", StringComparison.Ordinal)).Distinct().ToArray();
        if (folders is not [var folder])
            throw Wrong(folders.Length == 0 ? "it has no folder *.dist-info" : $"it has more than one folder of metadata: {string.Join(", ", folders)}");
        // Older tools normalise neither; what both mean must be the same.
        if (folder[..^".dist-info".Length].Split('-') is not [var project, var version] || ProjectName.Normalise(project) != name.Project || PythonVersion.TryParse(version) != name.Version)
            throw Wrong($"its metadata, {folder}, are of something else than its name says");
        Information = folder;
        ReadRecord();
        Metadata = CoreMetadata.Read(Bytes("METADATA"), file);
        if (Metadata.Name != name.Project || Metadata.Version != name.Version)
            throw Wrong($"its metadata are those of {Metadata.Name} {Metadata.Version}");
        ReadWheel(Encoding.UTF8.GetString(Bytes("WHEEL")));
    }

    /// <summary>The folder of its metadata: <c>django-4.2.dist-info</c>.</summary>
    public string Information { get; }

    public CoreMetadata Metadata { get; }

    /// <summary>True when its files belong to the folder for pure Python, false for that of a platform.</summary>
    public bool IsPure { get; private set; }

    /// <summary>What it runs on, as it says itself.</summary>
    public IReadOnlyList<string> Tags { get; private set; } = [];

    /// <summary>Its files, in the order of the archive.</summary>
    public IReadOnlyList<string> Files => [.. _zip.Entries.Where(static entry => !entry.IsFolder).Select(static entry => entry.Name)];

    /// <summary>Opens a wheel.</summary>
    /// <param name="file">The archive, which must stay open as long as this is used.</param>
    /// <param name="name">The file's name, which says what it must hold.</param>
    /// <exception cref="MayflyException">It is damaged, hostile, or not what its name says.</exception>
    public static WheelArchive Read(SafeFileHandle file, string name)
    {
        var meant = WheelName.TryParse(name) ?? throw new MayflyException($"'{name}' is no name of a wheel", "a wheel is called PROJECT-VERSION-PYTHON-ABI-PLATFORM.whl (PEP 427)");
        try
        {
            return new WheelArchive(name, meant, ZipReader.Read(file));
        }
        catch (ArchiveException e)
        {
            throw new MayflyException($"the wheel {name} cannot be used: {e.Message}", Hint, e);
        }
    }

    /// <summary>The digest that its <c>RECORD</c> says of a file; null for what cannot have one.</summary>
    public string? HashOf(string path) => _record.GetValueOrDefault(path)?.Hash;

    /// <summary>How many bytes a file has.</summary>
    public long SizeOf(string path) => _entries[path].Size;

    /// <summary>True when a file's owner may run it.</summary>
    public bool IsExecutable(string path) => ((_entries.GetValueOrDefault(path)?.Mode ?? 0) & 0b001_000_000) != 0;

    /// <summary>Writes a file's contents somewhere; whoever uses them waits for the end, for only then they are known to be those of the <c>RECORD</c>.</summary>
    /// <exception cref="MayflyException">They are not.</exception>
    public void CopyTo(string path, Stream target)
    {
        var entry = _entries.GetValueOrDefault(path) ?? throw Wrong($"it has no {path}");
        var (algorithm, digest) = _record.GetValueOrDefault(path)?.Hash?.Split('=', 2) is [var name, var rest] ? (name, rest) : (null, null);
        try
        {
            using var contents = _zip.Open(entry);
            using var hash = algorithm is null ? null : IncrementalHash.CreateHash(Algorithms[algorithm]);
            var buffer = ArrayPool<byte>.Shared.Rent(1 << 17);
            try
            {
                for (int read; (read = contents.Read(buffer)) > 0;)
                {
                    hash?.AppendData(buffer, 0, read);
                    target.Write(buffer, 0, read);
                }
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }

            if (hash is not null && Base64Url.EncodeToString(hash.GetHashAndReset()) != digest)
                throw Wrong($"{path} has not the digest that its RECORD says");
        }
        catch (ArchiveException e)
        {
            throw Wrong(e.Message, e);
        }
    }

    private void ReadRecord()
    {
        IReadOnlyList<RecordEntry> lines;
        try
        {
            lines = RecordEntry.Read(Encoding.UTF8.GetString(Bytes("RECORD")));
        }
        catch (MayflyException e) when (e.Hint is null)
        {
            throw Wrong(e.Message, e);
        }

        // It cannot have a digest of itself, nor of a signature over it.
        string[] without = [$"{Information}/RECORD", $"{Information}/RECORD.jws", $"{Information}/RECORD.p7s"];
        foreach (var line in lines)
        {
            if (without.Contains(line.Path))
                continue;
            if (!_record.TryAdd(line.Path, line))
                throw Wrong($"{line.Path} is in its RECORD twice");
            if (line.Hash?.Split('=', 2) is not [var algorithm, _] || !Algorithms.ContainsKey(algorithm))
                throw Wrong($"its RECORD says no digest of {line.Path} that can be relied on: {line.Hash ?? "none"}");
        }

        foreach (var entry in _zip.Entries.Where(entry => !entry.IsFolder && !without.Contains(entry.Name)))
        {
            if (!_record.TryGetValue(entry.Name, out var line))
                throw Wrong($"{entry.Name} is not in its RECORD");
            if (line.Size is { } size && size != entry.Size)
                throw Wrong($"{entry.Name} has {entry.Size} bytes, and its RECORD says {size}");
        }

        if (lines.FirstOrDefault(line => !_entries.ContainsKey(line.Path)) is { } missing)
            throw Wrong($"its RECORD has {missing.Path}, and it has not");
    }

    private void ReadWheel(string text)
    {
        var fields = CoreMetadata.Fields(text).ToList();
        var version = fields.FirstOrDefault(static field => field.Name == "Wheel-Version").Value ?? throw Wrong("its file WHEEL says no version");
        // "… and should fail if it is a greater major version".
        if (version.Split('.')[0] != "1")
            throw Wrong($"it is of version {version} of the format, and only version 1 is known");
        IsPure = fields.FirstOrDefault(static field => field.Name == "Root-Is-Purelib").Value?.ToLowerInvariant() switch
        {
            "true" => true,
            "false" => false,
            _ => throw Wrong("its file WHEEL does not say whether it is pure Python"),
        };
        Tags = [.. fields.Where(static field => field.Name == "Tag").Select(static field => field.Value)];
    }

    private byte[] Bytes(string name)
    {
        if (_entries.GetValueOrDefault($"{Information}/{name}") is not { } entry)
            throw Wrong($"it has no {name}");
        if (entry.Size > LargestText)
            throw Wrong($"its {name} has {entry.Size} bytes, more than any project's");
        var bytes = new MemoryStream((int)entry.Size);
        CopyTo(entry.Name, bytes);
        return bytes.ToArray();
    }

    private MayflyException Wrong(string what, Exception? inner = null) => new($"the wheel {_file} cannot be used: {what}", Hint, inner);
}
