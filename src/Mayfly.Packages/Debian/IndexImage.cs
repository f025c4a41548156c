using System.Buffers.Binary;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace Mayfly.Packages.Debian;

/// <summary>
/// The bytes of an index: a header, fixed-size tables and a heap of texts, little-endian.
/// </summary>
/// <remarks>
/// <code>
/// header   magic(8) length(8) counts and offsets(4 each)
/// packages PackageRecord each, grouped by name, the candidate first
/// names    NameRecord each, sorted by their bytes
/// virtual  VirtualRecord each, sorted by their bytes; each points into the provider list
/// provided package numbers (4 each)
/// heap     texts, UTF-8, each preceded by its length (4)
/// </code>
/// </remarks>
internal sealed class IndexImage
{
    /// <summary>The last byte is the version of the format.</summary>
    internal static ReadOnlySpan<byte> Magic => "MayfDeb\u0004"u8;

    internal const int HeaderSize = 80;

    private readonly Header _header;

    private IndexImage(ReadOnlyMemory<byte> bytes)
    {
        Bytes = bytes;
        _header = MemoryMarshal.Read<Header>(bytes.Span[16..]);
        Architecture = Text(_header.Architecture);
        Releases = LockFile.ReadReleases(Text(_header.Releases));
        Foreign = Text(_header.Foreign).Split(' ', StringSplitOptions.RemoveEmptyEntries);
        Lists = [.. Text(_header.PackageLists).Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' '))
            .Select(parts => new PackageList(Releases[int.Parse(parts[0], CultureInfo.InvariantCulture)], parts[1], int.Parse(parts[2], CultureInfo.InvariantCulture)))];
    }

    public ReadOnlyMemory<byte> Bytes { get; }

    public string Architecture { get; }

    public IReadOnlyList<LockedRelease> Releases { get; }

    /// <summary>Further architectures that it has packages of.</summary>
    public IReadOnlyList<string> Foreign { get; }

    /// <summary>The lists that it was parsed from; the bits of <see cref="PackageRecord.OfferedBy"/>.</summary>
    public IReadOnlyList<PackageList> Lists { get; }

    public int PackageCount => _header.PackageCount;

    public int NameCount => _header.NameCount;

    private ReadOnlySpan<PackageRecord> Packages => Table<PackageRecord>(_header.Packages, _header.PackageCount);

    private ReadOnlySpan<NameRecord> NameTable => Table<NameRecord>(_header.Names, _header.NameCount);

    private ReadOnlySpan<NameRecord> VirtualTable => Table<NameRecord>(_header.Virtuals, _header.VirtualCount);

    public static IndexImage Over(ReadOnlyMemory<byte> bytes) => new(bytes);

    public static IndexImage? Load(string path)
    {
        if (MappedFile.Open(path, HeaderSize) is not { } bytes)
            return null;
        if (!bytes.Span.StartsWith(Magic) || BinaryPrimitives.ReadInt64LittleEndian(bytes.Span[8..]) != bytes.Length)
            return null;
        return new IndexImage(bytes);
    }

    public string Name(int index) => Text(NameTable[index].Name);

    /// <summary>The numbers of the packages of the name at this place in the table: the first of them, by apt's own priorities the candidate, and how many there are.</summary>
    public (int First, int Count) Run(int index) => (NameTable[index].First, NameTable[index].Count);

    public bool IsForeign(int number) => Packages[number].Architecture != 0;

    public bool IsEssential(int number) => (Packages[number].Flags & PackageFlags.Essential) != 0;

    public PackagePriority PriorityOf(int number) => Packages[number].Priority;

    public IEnumerable<int> Find(string name) =>
        Search(NameTable, name) is { } record ? Enumerable.Range(record.First, record.Count) : [];

    public IEnumerable<int> Providers(string name)
    {
        if (Search(VirtualTable, name) is not { } record)
            return [];
        return Table<int>(_header.Providers, _header.ProviderLength).Slice(record.First, record.Count).ToArray();
    }

    public BinaryPackage Package(int number)
    {
        var record = Packages[number];
        return new BinaryPackage
        {
            Number = number,
            Name = record.Architecture == 0 ? Text(record.Name) : Text(record.Name).Split(':')[0],
            Version = new DebianVersion(Text(record.Version)),
            Architecture = (record.Flags & PackageFlags.All) != 0 ? "all" : Home(record),
            Home = Home(record),
            IsForeign = record.Architecture != 0,
            OfferedBy = record.OfferedBy,
            Source = Text(record.Source),
            Sha256 = Convert.ToHexStringLower(record.Hash),
            Size = record.Size,
            Path = Text(record.Path),
            Release = Releases[record.Release],
            Priority = record.Priority,
            MultiArch = record.MultiArch,
            Essential = (record.Flags & PackageFlags.Essential) != 0,
            Important = (record.Flags & PackageFlags.Important) != 0,
            Ordinal = record.Ordinal,
            Position = record.Position,
            Field = kind => Text(Packages[number].Relations[(int)kind]),
        };
    }

    private string Home(in PackageRecord record) => record.Architecture == 0 ? Architecture : Foreign[record.Architecture - 1];

    private NameRecord? Search(ReadOnlySpan<NameRecord> table, string name)
    {
        Span<byte> key = stackalloc byte[512];
        if (!Encoding.UTF8.TryGetBytes(name, key, out var length))
            return null;
        key = key[..length];
        int low = 0, high = table.Length - 1;
        while (low <= high)
        {
            var middle = (low + high) >>> 1;
            var order = Raw(table[middle].Name).SequenceCompareTo(key);
            if (order == 0)
                return table[middle];
            if (order < 0)
                low = middle + 1;
            else
                high = middle - 1;
        }

        return null;
    }

    private ReadOnlySpan<T> Table<T>(int offset, int count)
        where T : unmanaged => MemoryMarshal.Cast<byte, T>(Bytes.Span[offset..])[..count];

    private ReadOnlySpan<byte> Raw(int offset)
    {
        if (offset == 0)
            return [];
        var span = Bytes.Span;
        return span.Slice(offset + 4, BinaryPrimitives.ReadInt32LittleEndian(span[offset..]));
    }

    private string Text(int offset) => Encoding.UTF8.GetString(Raw(offset));

    internal struct Header
    {
        public int Architecture, Releases, Foreign, PackageLists;
        public int Packages, PackageCount;
        public int Names, NameCount;
        public int Virtuals, VirtualCount;
        public int Providers, ProviderLength;
    }

    /// <summary>A name with the run of packages that have it, or (of virtual names) with the run of the provider list.</summary>
    internal struct NameRecord
    {
        public int Name, First, Count;
    }

    [Flags]
    internal enum PackageFlags : byte
    {
        All = 1,
        Essential = 2,
        Important = 4,
    }

    [StructLayout(LayoutKind.Sequential, Pack = 4)]
    internal struct PackageRecord
    {
        public long Size;

        /// <summary>A bit for each list that has it.</summary>
        public ulong OfferedBy;
        public int Name, Version, Source, Path, Ordinal, Position;
        public RelationOffsets Relations;
        public HashBytes Hash;
        public byte Release;
        public PackagePriority Priority;
        public MultiArch MultiArch;
        public PackageFlags Flags;

        /// <summary>0 for the native one and for all, else one more than the place among the foreign ones.</summary>
        public byte Architecture;
    }

    [System.Runtime.CompilerServices.InlineArray(7)]
    internal struct RelationOffsets
    {
        private int _first;
    }

    [System.Runtime.CompilerServices.InlineArray(32)]
    internal struct HashBytes
    {
        private byte _first;
    }
}
