using System.Security.Cryptography;
using System.Text;
using Mayfly.Linux;
using Mayfly.Packages.Archives;

namespace Mayfly.Packages.Debian;

/// <summary>
/// Takes one .deb (deb(5)) apart into a folder. Nothing in it decides a path on the host: contents go to numbered files, control
/// members to plain names, so a hostile name can at worst be refused.
/// </summary>
/// <remarks>
/// Refused, before anything is committed: names that leave the tree, two entries of one name (except a folder twice), entries
/// below something that is no folder, hard links to anything but an earlier file of the same package, device files and named pipes
/// (policy 10.6), extended attributes that speak to the kernel, contents that contradict md5sums, and sizes beyond the limits here.
/// </remarks>
internal sealed class DebianArchive
{
    private const long TotalLimit = 64L << 30;
    private const long ControlLimit = 64L << 20;
    private const int EntryLimit = 500_000;
    private const long MetadataLimit = 64L << 20;
    private const int PathLimit = 4095;
    private const int NameLimit = 255;

    private readonly string _folder;
    private readonly bool _owned = Environment.IsPrivilegedProcess;
    private readonly Dictionary<string, byte[]> _sums = new(StringComparer.Ordinal);
    private readonly List<ManifestEntry> _entries = [];
    private readonly Dictionary<string, int> _paths = new(StringComparer.Ordinal);
    private readonly byte[] _buffer = GC.AllocateUninitializedArray<byte>(256 * 1024);
    private readonly IncrementalHash _md5 = IncrementalHash.CreateHash(HashAlgorithmName.MD5);
    private long _total;
    private long _metadata;
    private int _contents;

    private DebianArchive(string folder) => _folder = folder;

    /// <summary>Unpacks into <paramref name="folder"/>, which exists and is empty.</summary>
    /// <exception cref="ArchiveException">It is damaged or refused.</exception>
    public static void Unpack(Stream archive, string folder, CancellationToken cancellationToken)
    {
        var unpacking = new DebianArchive(folder);
        using (unpacking._md5)
            unpacking.Run(archive, cancellationToken);
    }

    private void Run(Stream archive, CancellationToken cancellationToken)
    {
        var reader = new ArReader(archive);
        using (var version = Member(reader, "debian-binary", out _))
        {
            Span<byte> text = stackalloc byte[16];
            var length = version.ReadAtLeast(text, text.Length, throwOnEndOfStream: false);
            // deb(5): a new minor number must stay readable, a new major one need not.
            if (!text[..length].StartsWith("2."u8))
                throw new ArchiveException("it is not of format 2.x");
        }

        using (var control = Member(reader, "control.tar", out var name))
        using (var tar = Compression.Open(name, control))
            ReadControl(new TarReader(tar));
        using (var data = Member(reader, "data.tar", out var name))
        using (var tar = Compression.Open(name, data))
            ReadData(new TarReader(tar), cancellationToken);
        CheckParents();
        CheckSums();
        File.WriteAllBytes(Path.Combine(_folder, "manifest"), PackageManifest.Format(_entries, _owned));
    }

    /// <summary>The next member that does not begin with an underscore (deb(5) wants those ignored).</summary>
    private static Stream Member(ArReader reader, string wanted, out string name)
    {
        while (reader.Next(out name, out _) is { } member)
        {
            if (name == wanted || (name.StartsWith(wanted, StringComparison.Ordinal) && name[wanted.Length] == '.'))
                return member;
            if (!name.StartsWith('_'))
                throw new ArchiveException($"its member {TarReader.Shown(name)} stands where {wanted} belongs");
        }

        throw new ArchiveException($"it has no member {wanted}");
    }

    private void ReadControl(TarReader tar)
    {
        var folder = Path.Combine(_folder, "control");
        Directory.CreateDirectory(folder);
        long total = 0;
        while (tar.Next() is { } entry)
        {
            var path = Checked(entry.Name);
            if (path.Length == 0 && entry.Type == EntryType.Directory)
                continue;
            if (entry.Type != EntryType.File || path.Length == 0 || path.Contains('/'))
                throw new ArchiveException($"its control member {TarReader.Shown(entry.Name)} is not a plain file");
            if ((total += entry.Size) > ControlLimit)
                throw new ArchiveException("its control members are absurdly large");
            var target = Path.Combine(folder, path);
            if (File.Exists(target))
                throw new ArchiveException($"its control member {path} is there twice");
            using (var file = FileHandles.CreateNew(target))
            {
                CopyContents(tar, file, target);
                FileHandles.ChangeMode(file, entry.Mode & 0x1FF, target);
                FileHandles.SetTime(file, entry.Time, target);
            }

            if (path == "md5sums")
                ReadSums(target);
        }

        tar.Finish();
        if (!File.Exists(Path.Combine(folder, "control")))
            throw new ArchiveException("it has no control file");
    }

    private void ReadSums(string path)
    {
        foreach (var written in File.ReadLines(path).Where(static line => line.Length > 0))
        {
            // "<md5>  <path>", as md5sum(1) writes it, with a backslash before it all when the path has some; older tools put "./" before the path.
            var line = written[0] == '\\' ? written[1..].Replace(@"\\", @"\", StringComparison.Ordinal) : written;
            var sum = new byte[16];
            if (line.Length < 35 || line[32] != ' ' || Convert.FromHexString(line.AsSpan(0, 32), sum, out _, out _) != System.Buffers.OperationStatus.Done)
                throw new ArchiveException($"a line of its md5sums is damaged ({TarReader.Shown(line)})");
            var name = line.AsSpan(34);
            if (name.StartsWith("./"))
                name = name[2..];
            if (!_sums.TryAdd(name.ToString(), sum) && !_sums[name.ToString()].AsSpan().SequenceEqual(sum))
                throw new ArchiveException($"its md5sums say two things of {TarReader.Shown(name.ToString())}");
        }
    }

    /// <summary>
    /// What md5sums list must be there. Files were compared as they streamed by; a hard link has its file's contents, and what a symbolic
    /// link leads to may be another package's.
    /// </summary>
    private void CheckSums()
    {
        foreach (var (path, expected) in _sums)
        {
            if (!_paths.TryGetValue(path, out var at))
                throw new ArchiveException($"{TarReader.Shown(path)} is in its md5sums, but not in it");
            var entry = _entries[at];
            if (entry.Type is EntryType.Directory)
                throw new ArchiveException($"{TarReader.Shown(path)} is in its md5sums, but a folder");
            if (entry.Type is EntryType.HardLink)
                Compare(path, expected, _entries[_paths[entry.Target]].Md5.Span);
        }
    }

    private static void Compare(string path, ReadOnlySpan<byte> expected, ReadOnlySpan<byte> found)
    {
        if (!expected.SequenceEqual(found))
            throw new ArchiveException($"{TarReader.Shown(path)} has the MD5 {Convert.ToHexStringLower(found)}, but its md5sums say {Convert.ToHexStringLower(expected)}");
    }

    private void ReadData(TarReader tar, CancellationToken cancellationToken)
    {
        var files = Path.Combine(_folder, "files");
        Directory.CreateDirectory(files);
        while (tar.Next() is { } entry)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var path = Checked(entry.Name);
            if (_entries.Count == EntryLimit)
                throw new ArchiveException($"it has more than {EntryLimit} entries");
            if ((_metadata += path.Length + entry.Target.Length + entry.Attributes.Sum(static one => one.Key.Length + one.Value.Length)) > MetadataLimit)
                throw new ArchiveException("the names in it are absurdly large");
            foreach (var name in entry.Attributes.Keys)
                CheckAttribute(path, name);
            if (!_paths.TryAdd(path, _entries.Count))
            {
                if (entry.Type == EntryType.Directory && _entries[_paths[path]].Type == EntryType.Directory)
                    continue;
                throw new ArchiveException($"{TarReader.Shown(path)} is in it twice");
            }

            var (target, content, md5) = entry.Type switch
            {
                EntryType.File => ("", _contents, Contents(tar, entry, path, files)),
                EntryType.HardLink => HardLinked(entry),
                EntryType.SymbolicLink => (LinkText(entry), -1, ReadOnlyMemory<byte>.Empty),
                EntryType.Directory => ("", -1, ReadOnlyMemory<byte>.Empty),
                EntryType.Fifo => throw new ArchiveException($"{TarReader.Shown(path)} is a named pipe, which policy 10.6 forbids in packages"),
                _ => throw new ArchiveException($"{TarReader.Shown(path)} is a device file, which policy 10.6 forbids in packages"),
            };
            _entries.Add(new ManifestEntry
            {
                Path = path,
                Type = entry.Type,
                Mode = entry.Mode,
                UserId = entry.UserId,
                GroupId = entry.GroupId,
                User = entry.User,
                Group = entry.Group,
                Time = entry.Time,
                Size = entry.Size,
                Target = target,
                Content = content,
                Md5 = md5,
                Attributes = entry.Attributes,
            });
        }

        tar.Finish();
    }

    private ReadOnlyMemory<byte> Contents(TarReader tar, TarEntry entry, string path, string files)
    {
        if ((_total += entry.Size) > TotalLimit)
            throw new ArchiveException("it unpacks to more than 64 GiB");
        var target = $"{files}/{_contents++}";
        using var file = FileHandles.CreateNew(target);
        var sum = CopyContents(tar, file, target);
        if (_sums.TryGetValue(path, out var expected))
            Compare(path, expected, sum);

        if (_owned && (entry.UserId | entry.GroupId) != 0)
            FileHandles.ChangeOwner(file, entry.UserId, entry.GroupId, target);
        // A plain user's store holds the contents; special bits would speak of the wrong owner, the manifest has them.
        FileHandles.ChangeMode(file, _owned ? entry.Mode : (entry.Mode & 0x1FF) | 0x180, target);
        if (_owned)
        {
            foreach (var (name, value) in entry.Attributes)
                SetAttribute(file, name, value, path, target);
        }

        FileHandles.SetTime(file, entry.Time, target);
        return sum;
    }

    /// <summary>
    /// dpkg itself takes none. File capabilities and what users may set are what a file can be meant to have; others speak to the kernel, such as
    /// overlayfs's, which hide what lies below, and access control lists, which widen what the mode says.
    /// </summary>
    private static void CheckAttribute(string path, string name)
    {
        if (name != "security.capability" && (!name.StartsWith("user.", StringComparison.Ordinal) || name.StartsWith("user.overlay.", StringComparison.Ordinal)))
            throw new ArchiveException($"{TarReader.Shown(path)} has an extended attribute that no package may have ({TarReader.Shown(name)})");
    }

    private static void SetAttribute(Microsoft.Win32.SafeHandles.SafeFileHandle file, string name, byte[] value, string path, string target)
    {
        const int TooBig = 7, Invalid = 22, OutOfRange = 34;
        try
        {
            FileHandles.SetAttribute(file, name, value, target);
        }
        catch (LinuxException e) when (e.Errno is TooBig or Invalid or OutOfRange)
        {
            throw new ArchiveException($"{TarReader.Shown(path)} has an extended attribute that no file can have ({TarReader.Shown(name)})", e);
        }
    }

    /// <summary>Writes the current entry's contents and gives their MD5.</summary>
    private byte[] CopyContents(TarReader tar, Microsoft.Win32.SafeHandles.SafeFileHandle file, string subject)
    {
        while (true)
        {
            int filled = 0, read;
            while (filled < _buffer.Length && (read = tar.Read(_buffer.AsSpan(filled))) > 0)
                filled += read;
            if (filled == 0)
                return _md5.GetHashAndReset();
            _md5.AppendData(_buffer, 0, filled);
            FileHandles.Write(file, _buffer.AsSpan(0, filled), subject);
        }
    }

    private (string Target, int Content, ReadOnlyMemory<byte> Md5) HardLinked(TarEntry entry)
    {
        if (entry.Target.StartsWith('/'))
            throw new ArchiveException($"{TarReader.Shown(entry.Name)} is a hard link to the absolute name {TarReader.Shown(entry.Target)}");
        var target = Checked(entry.Target);
        return _paths.TryGetValue(target, out var at) && at < _entries.Count && _entries[at] is { Content: >= 0 } file
            ? (file.Type == EntryType.HardLink ? file.Target : target, file.Content, ReadOnlyMemory<byte>.Empty)
            : throw new ArchiveException($"{TarReader.Shown(entry.Name)} is a hard link to {TarReader.Shown(entry.Target)}, which is no earlier file of the package");
    }

    private static string LinkText(TarEntry entry) => entry.Target.Length is > 0 and <= PathLimit
        ? entry.Target
        : throw new ArchiveException($"{TarReader.Shown(entry.Name)} is a symbolic link to a target of {entry.Target.Length} characters");

    /// <summary>An entry's name as a path below the root.</summary>
    private static string Checked(string name)
    {
        if (name.StartsWith('/'))
            throw new ArchiveException($"{TarReader.Shown(name)} is an absolute name");
        var path = name.AsSpan();
        if (path is "." or "./")
            return "";
        if (path.StartsWith("./"))
            path = path[2..];
        if (path.EndsWith('/'))
            path = path[..^1];
        if (path.Length == 0)
            throw new ArchiveException("an entry has no name");
        if (Encoding.UTF8.GetByteCount(path) > PathLimit)
            throw new ArchiveException($"{TarReader.Shown(name)} is a name of more than {PathLimit} bytes");
        foreach (var range in path.Split('/'))
        {
            var part = path[range];
            if (part is ".." or "." or "")
                throw new ArchiveException($"{TarReader.Shown(name)} is a name that may leave the tree");
            if (part.Length > NameLimit / 4 && Encoding.UTF8.GetByteCount(part) > NameLimit)
                throw new ArchiveException($"{TarReader.Shown(name)} has a part of more than {NameLimit} bytes");
        }

        return path.ToString();
    }

    /// <summary>Nothing may sit below a name that the same package makes a link or a file, wherever in the tar that stands.</summary>
    private void CheckParents()
    {
        var lookup = _paths.GetAlternateLookup<ReadOnlySpan<char>>();
        foreach (var entry in _entries)
        {
            var parent = entry.Path.AsSpan();
            while (parent.LastIndexOf('/') is > 0 and var slash)
            {
                parent = parent[..slash];
                if (!lookup.TryGetValue(parent, out var at))
                    continue;
                if (_entries[at].Type != EntryType.Directory)
                    throw new ArchiveException($"{TarReader.Shown(entry.Path)} passes through {TarReader.Shown(_entries[at].Path)}, which is no folder in it");
                break;
            }
        }
    }
}
