using System.Buffers;
using System.Text;
using Mayfly.Packages.Archives;

namespace Mayfly.Packages.Debian;

/// <summary>
/// The names that a package brings, in the order of its tar: the file <c>manifest</c> of an <see cref="UnpackedPackage"/>.
/// </summary>
/// <remarks>
/// Keeps what the file system cannot: order, owners by name, links and folders (only contents of regular files are unpacked).
/// Written once, before its package is committed, and never changed. Format 1: sixteen bytes of magic, then LEB128 numbers and
/// length-prefixed UTF-8: format, flags, a table of owner names, the number of entries, the entries. Why not JSON or a tar
/// without contents: every build reads the manifests of all its packages, some hundred files with tens of thousands of
/// entries, and this form takes milliseconds for all.
/// </remarks>
public sealed class PackageManifest
{
    internal const int CurrentFormat = 1;

    private static readonly byte[] Magic = "mayfly manifest\n"u8.ToArray();

    private PackageManifest(IReadOnlyList<ManifestEntry> entries, bool ownersApplied)
    {
        Entries = entries;
        OwnersApplied = ownersApplied;
    }

    /// <summary>Every name once, except that a folder may come anywhere; hard links follow their target.</summary>
    public IReadOnlyList<ManifestEntry> Entries { get; }

    /// <summary>True when root unpacked it, so that the files below <c>files/</c> carry owners, all mode bits and attributes.</summary>
    public bool OwnersApplied { get; }

    internal static PackageManifest Read(string path)
    {
        var bytes = File.ReadAllBytes(path);
        try
        {
            return Parse(bytes);
        }
        catch (Exception e) when (e is InvalidDataException or ArgumentException or IndexOutOfRangeException or OverflowException)
        {
            throw new MayflyException($"{path} is damaged", $"remove {System.IO.Path.GetDirectoryName(path)} and run the command again", e);
        }
    }

    internal static PackageManifest Parse(byte[] bytes)
    {
        if (!bytes.AsSpan().StartsWith(Magic))
            throw new InvalidDataException("no manifest");
        var reader = new Reader(bytes, Magic.Length);
        if (reader.Number() != CurrentFormat)
            throw new InvalidDataException("another format");
        var owned = reader.Number() == 1;
        var names = new string[reader.Count()];
        for (var at = 0; at < names.Length; at++)
            names[at] = reader.Text();
        var entries = new ManifestEntry[reader.Count()];
        for (var at = 0; at < entries.Length; at++)
            entries[at] = reader.Entry(names);
        reader.End();
        return new PackageManifest(entries, owned);
    }

    internal static byte[] Format(IReadOnlyList<ManifestEntry> entries, bool ownersApplied)
    {
        var names = new List<string>();
        var numbers = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var entry in entries)
        {
            foreach (var name in (ReadOnlySpan<string>)[entry.User, entry.Group])
            {
                if (numbers.TryAdd(name, names.Count))
                    names.Add(name);
            }
        }

        var writer = new Writer();
        writer.Bytes(Magic);
        writer.Number(CurrentFormat);
        writer.Number(ownersApplied ? 1 : 0);
        writer.Number(names.Count);
        foreach (var name in names)
            writer.Text(name);
        writer.Number(entries.Count);
        foreach (var entry in entries)
            writer.Entry(entry, numbers);
        return writer.ToArray();
    }

    private sealed class Writer
    {
        private readonly ArrayBufferWriter<byte> _output = new(4096);

        public byte[] ToArray() => _output.WrittenSpan.ToArray();

        public void Bytes(ReadOnlySpan<byte> bytes) => _output.Write(bytes);

        public void Number(long value)
        {
            var rest = (ulong)value;
            var span = _output.GetSpan(10);
            var at = 0;
            for (; rest >= 0x80; rest >>= 7)
                span[at++] = (byte)(rest | 0x80);
            span[at++] = (byte)rest;
            _output.Advance(at);
        }

        public void Text(string text)
        {
            var length = Encoding.UTF8.GetByteCount(text);
            Number(length);
            Encoding.UTF8.GetBytes(text, _output.GetSpan(length));
            _output.Advance(length);
        }

        public void Entry(ManifestEntry entry, Dictionary<string, int> names)
        {
            Number((int)entry.Type);
            Text(entry.Path);
            Number(entry.Mode);
            Number(entry.UserId);
            Number(entry.GroupId);
            Number(names[entry.User]);
            Number(names[entry.Group]);
            Number((entry.Time << 1) ^ (entry.Time >> 63));
            Number(entry.Attributes.Count);
            foreach (var (name, value) in entry.Attributes)
            {
                Text(name);
                Number(value.Length);
                Bytes(value);
            }

            switch (entry.Type)
            {
                case EntryType.File:
                    Number(entry.Size);
                    Number(entry.Content);
                    Bytes(entry.Md5.Span);
                    break;
                case EntryType.HardLink:
                    Text(entry.Target);
                    Number(entry.Content);
                    break;
                case EntryType.SymbolicLink:
                    Text(entry.Target);
                    break;
                case EntryType.CharacterDevice or EntryType.BlockDevice:
                    Number(entry.DeviceMajor);
                    Number(entry.DeviceMinor);
                    break;
            }
        }
    }

    private ref struct Reader(byte[] bytes, int at)
    {
        private const int Md5Length = 16;
        private int _at = at;

        public long Number()
        {
            ulong value = 0;
            for (var shift = 0; shift < 64; shift += 7)
            {
                var part = bytes[_at++];
                value |= (ulong)(part & 0x7F) << shift;
                if (part < 0x80)
                    return (long)value;
            }

            throw new InvalidDataException("a number has no end");
        }

        /// <summary>How many things follow: each takes a byte at least, which bounds what a damaged file makes us allocate.</summary>
        public int Count() => Number() is var count && count >= 0 && count <= bytes.Length - _at
            ? (int)count
            : throw new InvalidDataException("a count is absurd");

        public string Text() => Encoding.UTF8.GetString(Slice(Count()).Span);

        public void End()
        {
            if (_at != bytes.Length)
                throw new InvalidDataException("something follows");
        }

        public ManifestEntry Entry(string[] names)
        {
            var type = (EntryType)Number();
            var path = Text();
            var mode = (int)Number();
            var userId = (int)Number();
            var groupId = (int)Number();
            var user = names[Number()];
            var group = names[Number()];
            var zigzag = Number();
            var time = (long)((ulong)zigzag >> 1) ^ -(zigzag & 1);
            var attributes = Attributes(Count());
            long size = 0;
            var content = -1;
            var target = "";
            int major = 0, minor = 0;
            var md5 = ReadOnlyMemory<byte>.Empty;
            switch (type)
            {
                case EntryType.File:
                    size = Number();
                    content = checked((int)Number());
                    md5 = Slice(Md5Length);
                    break;
                case EntryType.HardLink:
                    target = Text();
                    content = checked((int)Number());
                    break;
                case EntryType.SymbolicLink:
                    target = Text();
                    break;
                case EntryType.CharacterDevice or EntryType.BlockDevice:
                    major = (int)Number();
                    minor = (int)Number();
                    break;
                case EntryType.Directory or EntryType.Fifo:
                    break;
                default:
                    throw new InvalidDataException("an entry is of no known type");
            }

            return new ManifestEntry
            {
                Path = path,
                Type = type,
                Mode = mode,
                UserId = userId,
                GroupId = groupId,
                User = user,
                Group = group,
                Time = time,
                Size = size,
                Target = target,
                DeviceMajor = major,
                DeviceMinor = minor,
                Content = content,
                Md5 = md5,
                Attributes = attributes,
            };
        }

        private IReadOnlyDictionary<string, byte[]> Attributes(int count)
        {
            if (count == 0)
                return TarEntry.NoAttributes;
            var attributes = new Dictionary<string, byte[]>();
            for (var read = 0; read < count; read++)
            {
                var name = Text();
                attributes[name] = Slice(Count()).ToArray();
            }

            return attributes;
        }

        private ReadOnlyMemory<byte> Slice(int length)
        {
            var slice = bytes.AsMemory(_at, length);
            _at += length;
            return slice;
        }
    }
}
