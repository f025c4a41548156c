using System.IO.Compression;
using Mayfly.Linux;
using Mayfly.Packages.Python;

namespace Mayfly.Environments;

/// <summary>A distribution that an environment has, whoever installed it; "Recording installed projects".</summary>
public sealed record InstalledDistribution
{
    private const int Largest = 64 << 20;

    private readonly Lazy<CoreMetadata> _metadata;
    private readonly Lazy<(IReadOnlyList<RecordEntry> Entries, IReadOnlyList<string> Files, string? Fault)> _record;

    private InstalledDistribution(string folder, string metadataFile, CoreMetadata? metadata) =>
        (MetadataFile, _metadata, _record) = (metadataFile, metadata is null ? new(() => ReadMetadata(metadataFile)) : new(metadata), new(() => Recorded($"{folder}/RECORD")));

    public required ProjectName Project { get; init; }

    public required PythonVersion Version { get; init; }

    /// <summary>What its folder of metadata is called; of what setuptools has installed by itself that folder, or file, or link.</summary>
    public required string Information { get; init; }

    /// <summary>The path of its metadata.</summary>
    public string MetadataFile { get; }

    /// <summary>True for what setuptools has installed without a wheel: no RECORD says which files are its own, and only pip knows how it goes.</summary>
    public bool IsLegacy { get; private init; }

    /// <summary>Who installed it: <c>mayfly</c>, <c>pip</c>; empty when nobody says.</summary>
    public required string Installer { get; init; }

    /// <summary>True when somebody asked for it, and not another distribution.</summary>
    public required bool IsRequested { get; init; }

    /// <summary>Its files, from the folder of the packages; empty when it has no record, or one that cannot be read.</summary>
    public IReadOnlyList<string> Files => _record.Value.Files;

    /// <summary>The lines of its record, also those that name no path; empty when it has none, or one that cannot be read.</summary>
    public IReadOnlyList<RecordEntry> Entries => _record.Value.Entries;

    /// <summary>The files that pip of old has written down of what <c>setup.py</c> installed for it (<c>installed-files.txt</c>), from the folder where Python finds it; null where nobody has.</summary>
    public IReadOnlyList<string>? FilesOfOld { get; private init; }

    /// <summary>Its metadata as they are written, where they are in an archive; null where they are a file.</summary>
    private string? PackedMetadata { get; init; }

    /// <summary>Why nobody can say which files are its own, behind its name: <c>has no RECORD</c>; null when its <c>RECORD</c> says it.</summary>
    public string? RecordFault => _record.Value.Fault;

    /// <summary>Where it came from; null for an index.</summary>
    public required DirectUrl? Origin { get; init; }

    /// <summary>True for what tools put into every environment that they make: nobody's choice.</summary>
    public bool IsSeed => Project.Text is "pip" or "setuptools" or "wheel";

    /// <summary>True for what stays as it is unless it is named: an environment's beginning is nobody's choice, and only pip knows how what setuptools installed goes.</summary>
    public bool IsLeftAlone => IsSeed || IsLegacy;

    /// <summary>Its metadata as they are written; empty when they cannot be read.</summary>
    public string MetadataText()
    {
        try
        {
            return PackedMetadata ?? TextOf(MetadataFile);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return "";
        }
    }

    /// <summary>Its metadata; when they cannot be read, those of a distribution that needs nothing.</summary>
    public CoreMetadata Metadata => _metadata.Value;

    /// <summary>All that are in a folder of packages, in the order of their names. What cannot be read is not among them.</summary>
    public static IReadOnlyList<InstalledDistribution> In(string packages)
    {
        if (!Directory.Exists(packages))
            return [];
        InstalledDistribution[] installed = [.. Directory.GetDirectories(packages, "*.dist-info").Select(Read).OfType<InstalledDistribution>()];
        var legacy = Directory.GetFileSystemEntries(packages, "*.egg-info").Order(StringComparer.Ordinal).Select(static path => ReadLegacy(path, path, null))
            .Concat(Directory.GetDirectories(packages, "*.egg").Order(StringComparer.Ordinal).Select(static path => ReadLegacy(path, $"{path}/EGG-INFO", null)))
            .Concat(Directory.GetFiles(packages, "*.egg").Order(StringComparer.Ordinal).Select(ReadZipped))
            .Concat(Directory.GetFiles(packages, "*.egg-link").Order(StringComparer.Ordinal).Select(ReadLink)).OfType<InstalledDistribution>().DistinctBy(static one => one.Project).ExceptBy(installed.Select(static one => one.Project), static one => one.Project);
        return [.. installed.Concat(legacy).OrderBy(static one => one.Project.Text, StringComparer.Ordinal)];
    }

    private static InstalledDistribution? Read(string folder)
    {
        var name = Path.GetFileName(folder)[..^".dist-info".Length];
        var hyphen = name.LastIndexOf('-');
        if (hyphen <= 0 || !ProjectName.IsValid(name.AsSpan(0, hyphen)) || PythonVersion.TryParse(name.AsSpan(hyphen + 1)) is not { } version)
            return null;
        return new InstalledDistribution(folder, $"{folder}/METADATA", null)
        {
            Project = ProjectName.Parse(name.AsSpan(0, hyphen)),
            Version = version,
            Information = Path.GetFileName(folder),
            Installer = Text("INSTALLER").Trim(),
            IsRequested = File.Exists($"{folder}/REQUESTED"),
            Origin = Text(DirectUrl.FileName) is { Length: > 0 } origin ? DirectUrl.Read(origin) : null,
        };

        string Text(string file)
        {
            try
            {
                return File.Exists($"{folder}/{file}") ? TextOf($"{folder}/{file}") : "";
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                return "";
            }
        }
    }

    private static string TextOf(string path) => Decoded(Contents(path));

    private static string Decoded(byte[] contents) => new StreamReader(new MemoryStream(contents)).ReadToEnd();

    /// <summary>Whoever installed it may have put anything there: a device has no end, and a pipe waits for somebody.</summary>
    /// <exception cref="IOException">It is no file, or larger than any of its kind.</exception>
    private static byte[] Contents(string path)
    {
        var target = new FileInfo(path).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? path;
        return Nodes.Find(target) is { Kind: NodeKind.File, Size: <= Largest } ? File.ReadAllBytes(target) : throw new IOException($"{path} is no file, or too large");
    }

    /// <summary>One that <c>setup.py install</c> has left: its metadata are a file, or in a folder.</summary>
    /// <param name="path">What stands for it in the folder of packages.</param>
    /// <param name="information">Its metadata.</param>
    /// <param name="origin">Where it is; null for the folder of packages.</param>
    private static InstalledDistribution? ReadLegacy(string path, string information, DirectUrl? origin)
    {
        var isFolder = Directory.Exists(information);
        var file = isFolder ? $"{information}/PKG-INFO" : information;
        try
        {
            return Legacy(path, file, Contents(file), Beside("requires.txt")) with
            {
                Origin = origin,
                FilesOfOld = Beside("installed-files.txt") is { } listed ? [.. listed.Split('\n').Select(static line => line.Trim()).Where(static line => line.Length > 0).Select(line => FromLocation(line, Path.GetFileName(information)))] : null,
            };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or MayflyException)
        {
            return null;
        }

        string? Beside(string name) => isFolder && File.Exists($"{information}/{name}") ? TextOf($"{information}/{name}") : null;
    }

    /// <summary>One that <c>setup.py install</c> has left as an archive, which Python imports as it is (<c>zip_safe</c>).</summary>
    private static InstalledDistribution? ReadZipped(string path)
    {
        try
        {
            using var archive = new ZipArchive(new MemoryStream(Contents(path)));
            var metadata = Entry("PKG-INFO") ?? throw new IOException($"{path} has no metadata");
            return Legacy(path, path, metadata, Entry("requires.txt") is { } needs ? Decoded(needs) : null) with { PackedMetadata = Decoded(metadata) };

            byte[]? Entry(string name)
            {
                if (archive.GetEntry($"EGG-INFO/{name}") is not { } entry)
                    return null;
                using var from = entry.Open();
                var (read, block) = (new MemoryStream(), new byte[1 << 13]);
                // What an archive says of a length need not be so.
                for (int length; (length = from.Read(block)) > 0; read.Write(block, 0, length))
                {
                    if (read.Length > CoreMetadata.Largest)
                        throw new IOException($"{path} has metadata that are too large");
                }

                return read.ToArray();
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or InvalidDataException or MayflyException)
        {
            return null;
        }
    }

    private static InstalledDistribution Legacy(string path, string file, byte[] contents, string? needs)
    {
        var metadata = CoreMetadata.Read(contents, file);
        if (metadata.Requires.Count == 0 && needs is not null)
            metadata = metadata with { Requires = [.. Needs(needs)] };
        return new InstalledDistribution(path, file, metadata)
        {
            Project = metadata.Name,
            Version = metadata.Version,
            Information = Path.GetFileName(path),
            Installer = "",
            IsRequested = true,
            Origin = null,
            IsLegacy = true,
        };
    }

    /// <summary>A path from the folder of metadata, as one from where that folder is.</summary>
    private static string FromLocation(string path, string information)
    {
        List<string> folders = [information];
        string[] parts = [.. path.Split('/').Where(static (part, at) => part != "." && (part.Length > 0 || at == 0))];
        if (parts is ["", ..])
            return path;
        var up = parts.TakeWhile(static part => part == "..").Count();
        for (var step = 0; step < up; step++)
        {
            if (folders is [] or [.., ".."])
                folders.Add("..");
            else
                folders.RemoveAt(folders.Count - 1);
        }

        return string.Join('/', folders.Concat(parts[up..]));
    }

    /// <summary>What setuptools has written of needs: those of all, then sections <c>[EXTRA]</c>, <c>[:MARKER]</c> and <c>[EXTRA:MARKER]</c>.</summary>
    private static IEnumerable<DependencySpecifier> Needs(string text)
    {
        var marker = "";
        foreach (var line in text.Split('\n').Select(static line => line.Trim()).Where(static line => line.Length > 0 && line[0] != '#'))
        {
            if (line is not ['[', .. var section, ']'])
            {
                yield return DependencySpecifier.Parse(line + marker);
                continue;
            }

            var (extra, condition) = section.Split(':', 2) is [var name, var rest] ? (name, rest) : (section, "");
            string[] parts = [.. condition.Length == 0 ? Array.Empty<string>() : [$"({condition})"], .. extra.Length == 0 ? Array.Empty<string>() : [$"extra == '{extra}'"]];
            marker = $" ; {string.Join(" and ", parts)}";
        }
    }

    /// <summary>One that <c>setup.py develop</c> has left, and so pip's <c>-e</c> of old: a line of a file leads to the folder of its sources, which has its metadata.</summary>
    private static InstalledDistribution? ReadLink(string path)
    {
        try
        {
            var folder = Path.GetFullPath(TextOf(path).Split('\n').Select(static line => line.Trim()).FirstOrDefault(static line => line.Length > 0) ?? "", Path.GetDirectoryName(path)!);
            var name = Path.GetFileNameWithoutExtension(path);
            return ProjectName.IsValid(name) && Directory.GetDirectories(folder, "*.egg-info").FirstOrDefault(one => Path.GetFileNameWithoutExtension(one) is var other && ProjectName.IsValid(other) && ProjectName.Parse(other) == ProjectName.Parse(name)) is { } information
                ? ReadLegacy(path, information, new DirectUrl { Url = new Uri(folder).AbsoluteUri, IsFolder = true, IsEditable = true }) : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }

    private CoreMetadata ReadMetadata(string file)
    {
        try
        {
            return CoreMetadata.Read(Contents(file), $"{Project} {Version}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or MayflyException)
        {
            return new CoreMetadata { Name = Project, Version = Version };
        }
    }

    private static (IReadOnlyList<RecordEntry> Entries, IReadOnlyList<string> Files, string? Fault) Recorded(string path)
    {
        if (!File.Exists(path))
            return ([], [], "has no RECORD");
        try
        {
            var entries = RecordEntry.Read(TextOf(path));
            string[] files = [.. entries.Select(static entry => entry.Path).Where(static path => !path.Contains('\0', StringComparison.Ordinal))];
            // It names itself, at least.
            return (entries, files, files is [] ? "has a RECORD with nothing in it" : null);
        }
        catch (Exception e) when (e is MayflyException or IOException or UnauthorizedAccessException)
        {
            return ([], [], $"has a RECORD that cannot be read ({e.Message})");
        }
    }
}
