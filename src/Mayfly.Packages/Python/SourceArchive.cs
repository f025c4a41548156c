using System.Text;
using Mayfly.Linux;
using Mayfly.Packages.Archives;
using Mayfly.Packages.Archives.Zip;

namespace Mayfly.Packages.Python;

/// <summary>
/// A source distribution, read as a stranger's: <c>.tar.gz</c> or <c>.zip</c> with one folder, in which everything stays ("Source distribution format", PEP 625, and PEP 721 with its
/// filter <c>data</c>: no devices, no owners, no special modes, no link that leads out).
/// </summary>
public static class SourceArchive
{
    private const string Hint = "the project must mend it; take another version of it, or a wheel";
    private const int LargestProjectFile = 4 << 20;
    private const int MostEntries = 500_000, Everybody = 0b110_100_100, Runs = 0b111_101_101;

    private sealed record Entry(string Name, EntryType Type, bool Runs, string Target);

    /// <summary>The metadata that it has itself, if the build will not change them (PEP 643); null when only a build can tell.</summary>
    /// <param name="path">The archive.</param>
    /// <param name="name">The name that it was offered under.</param>
    /// <exception cref="MayflyException">It is damaged or hostile, or its metadata are of something else than its name says.</exception>
    public static CoreMetadata? Metadata(string path, string name)
    {
        byte[]? found = null;
        Read(path, name, (entry, copy) =>
        {
            if (entry.Type != EntryType.File || entry.Name.Split('/') is not [_, "PKG-INFO"])
                return true;
            var bytes = new MemoryStream();
            copy(bytes);
            found = bytes.ToArray();
            return false;
        }, CoreMetadata.Largest);
        if (found is null)
            return null;
        var fields = CoreMetadata.Fields(Encoding.UTF8.GetString(found)).ToArray();
        // Before 2.2 nobody promises that they stay as they are; whatever else they say does not matter then, and may be anything.
        if (!IsStatic(fields))
            return null;
        var metadata = CoreMetadata.Read(found, name);
        return SourceName.TryParse(name) is { } meant && (metadata.Name != meant.Project || metadata.Version != meant.Version)
            ? throw Wrong(name, $"its metadata are those of {metadata.Name} {metadata.Version}")
            : metadata;
    }

    /// <summary>Its <c>pyproject.toml</c>; null when it has none.</summary>
    /// <param name="path">The archive.</param>
    /// <param name="name">The name that it was offered under.</param>
    /// <param name="inside">Where in it the project is; null for its root.</param>
    /// <exception cref="MayflyException">It is damaged or hostile.</exception>
    public static string? ProjectFile(string path, string name, string? inside)
    {
        byte[]? found = null;
        Read(path, name, (entry, copy) =>
        {
            if (entry.Type != EntryType.File || entry.Name.Split('/', 2) is not [_, var below] || below != (inside is { Length: > 0 } ? $"{inside}/pyproject.toml" : "pyproject.toml"))
                return true;
            var room = new byte[LargestProjectFile];
            var bytes = new MemoryStream(room);
            try
            {
                copy(bytes);
            }
            catch (NotSupportedException e)
            {
                throw new ArchiveException($"its pyproject.toml has more than {LargestProjectFile >> 20} MiB", e);
            }

            found = room[..(int)bytes.Position];
            return false;
        }, long.MaxValue);
        return found is null ? null : new StreamReader(new MemoryStream(found)).ReadToEnd();
    }

    /// <summary>Takes it apart.</summary>
    /// <param name="path">The archive.</param>
    /// <param name="name">The name that it was offered under.</param>
    /// <param name="folder">Where; an empty folder.</param>
    /// <returns>The one folder that it has.</returns>
    /// <exception cref="MayflyException">It is damaged or hostile; what is there of it by then must be thrown away.</exception>
    public static string Unpack(string path, string name, string folder)
    {
        HashSet<string> folders = new(StringComparer.Ordinal) { "" }, links = new(StringComparer.Ordinal), files = new(StringComparer.Ordinal);
        Read(path, name, (entry, copy) =>
        {
            var target = $"{folder}/{entry.Name}";
            Require(Above(entry.Name));
            switch (entry.Type)
            {
                case EntryType.Directory:
                    Require([entry.Name]);
                    return true;
                case EntryType.File when !folders.Contains(entry.Name) && !links.Contains(entry.Name):
                    // A later entry of the name replaces an earlier one, as tar has it.
                    if (!files.Add(entry.Name))
                        File.Delete(target);
                    using (var file = new FileStream(target, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, BufferSize = 0 }))
                        copy(file);
                    Files.ChangeMode(target, entry.Runs ? Runs : Everybody);
                    return true;
                case EntryType.SymbolicLink when !folders.Contains(entry.Name) && !files.Contains(entry.Name) && links.Add(entry.Name):
                    Nodes.MakeLink(Inside(entry), target);
                    return true;
                case EntryType.HardLink when !folders.Contains(entry.Name) && !links.Contains(entry.Name) && files.Contains(Normal(entry.Target)) && files.Add(entry.Name):
                    File.Copy($"{folder}/{Normal(entry.Target)}", target);
                    return true;
                default:
                    throw new ArchiveException($"'{TarReader.Shown(entry.Name)}' in it {(entry.Type is EntryType.File or EntryType.SymbolicLink ? "is there twice, as two things" : "is a link to nothing, or to something outside")}");
            }
        }, long.MaxValue);
        return folders.Where(static one => one.Length > 0 && !one.Contains('/', StringComparison.Ordinal)).ToArray() is [var only] && files.All(static file => file.Contains('/', StringComparison.Ordinal))
            ? $"{folder}/{only}" : throw Wrong(name, "it has not one folder with everything in it");

        void Require(IEnumerable<string> wanted)
        {
            foreach (var one in wanted.Where(folders.Add))
            {
                // What is written behind a link would be written wherever that leads.
                if (links.Contains(one) || files.Contains(one))
                    throw new ArchiveException($"'{TarReader.Shown(one)}' in it is a folder and something else");
                Directory.CreateDirectory($"{folder}/{one}");
            }
        }
    }

    private static bool IsStatic((string Name, string Value)[] fields)
    {
        string[] matter = ["requires-dist", "requires-python", "provides-extra", "name", "version"];
        return fields.FirstOrDefault(static field => field.Name.Equals("Metadata-Version", StringComparison.OrdinalIgnoreCase)).Value?.Split('.') is [var major, var minor]
            && int.TryParse(major, out var first) && int.TryParse(minor, out var second) && (first, second).CompareTo((2, 2)) >= 0
            && !fields.Any(field => field.Name.Equals("Dynamic", StringComparison.OrdinalIgnoreCase) && matter.Contains(field.Value.ToLowerInvariant()));
    }

    /// <summary>Goes through the entries, whose names are normal and stay inside, until somebody has enough.</summary>
    private static void Read(string path, string name, Func<Entry, Action<Stream>, bool> visit, long most)
    {
        try
        {
            var left = Math.Min(most, Swelling.Most(new FileInfo(path).Length));
            if (name.EndsWith(".zip", StringComparison.Ordinal))
            {
                using var handle = FileHandles.OpenFile(path);
                var zip = ZipReader.Read(handle);
                foreach (var entry in zip.Entries)
                {
                    if (!visit(new Entry(Normal(entry.Name), entry.IsFolder ? EntryType.Directory : EntryType.File, ((entry.Mode ?? 0) & 0b001_000_000) != 0, ""), target =>
                    {
                        using var contents = zip.Open(entry);
                        Copy(contents.Read, target, ref left);
                    }))
                        return;
                }

                return;
            }

            using var archive = Compression.Open(Path.GetExtension(name) switch { ".tgz" => ".gz", ".tbz" => ".bz2", ".txz" => ".xz", _ => name }, new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete));
            var tar = new TarReader(archive);
            var count = 0;
            while (tar.Next() is { } entry)
            {
                if (++count > MostEntries || (entry.Size > left && entry.Type == EntryType.File))
                    throw count > MostEntries ? new ArchiveException($"it has more than {MostEntries} entries") : Swelling.Refusal();
                if (Normal(entry.Name) is { Length: > 0 } normal && !visit(new Entry(normal, entry.Type, (entry.Mode & 0b001_000_000) != 0, entry.Target), target => Copy(buffer => tar.Read(buffer), target, ref left)))
                    return;
            }

            tar.Finish();
        }
        catch (ArchiveException e)
        {
            throw Wrong(name, e.Message, e);
        }
        catch (IOException e)
        {
            throw new MayflyException($"{name} cannot be unpacked: {HostRefusal.Why(e)}", HostRefusal.IsFull(e) ? HostRefusal.MakeRoom : "look at the disk and at who may write there", e);
        }
    }

    private delegate int Reading(Span<byte> buffer);

    private static void Copy(Reading read, Stream target, ref long left)
    {
        var buffer = new byte[1 << 16];
        for (int got; (got = read(buffer)) > 0;)
        {
            if ((left -= got) < 0)
                throw Swelling.Refusal();
            target.Write(buffer, 0, got);
        }
    }

    /// <summary>Without points and doubled slashes; the folder itself is empty.</summary>
    private static string Normal(string name)
    {
        if (name.StartsWith('/') || name.AsSpan().IndexOfAnyInRange('\0', '\u001f') >= 0 || name.Split('/').Contains(".."))
            throw new ArchiveException($"'{TarReader.Shown(name)}' in it leads out of the folder that it is unpacked into, or is no name of a file");
        return string.Join('/', name.Split('/').Where(static part => part is not ("" or ".")));
    }

    private static IEnumerable<string> Above(string name)
    {
        for (var slash = name.IndexOf('/'); slash >= 0; slash = name.IndexOf('/', slash + 1))
            yield return name[..slash];
    }

    /// <summary>
    /// What a link says, if it stays inside: it may go up first, from the folder that it is in, which is no link, and then down. Up after down could lead anywhere, since what it went down may be a link.
    /// </summary>
    private static string Inside(Entry link)
    {
        var parts = link.Target.Split('/');
        var up = parts.TakeWhile(static part => part is ".." or "." or "").Count(static part => part == "..");
        // The archive's own folder is the last that it may go up to.
        return link.Target.Length > 0 && link.Target[0] != '/' && link.Target.AsSpan().IndexOfAnyInRange('\0', '\u001f') < 0
            && parts.SkipWhile(static part => part is ".." or "." or "").All(static part => part != "..") && up < link.Name.Count(static c => c == '/')
            ? link.Target : throw new ArchiveException($"'{TarReader.Shown(link.Name)}' in it is a link that leads out of it, to '{TarReader.Shown(link.Target)}'");
    }

    private static MayflyException Wrong(string name, string what, Exception? inner = null) => new($"the sources {name} cannot be used: {what}", Hint, inner);
}
