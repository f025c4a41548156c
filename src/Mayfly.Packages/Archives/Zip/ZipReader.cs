using System.Buffers.Binary;
using System.IO.Compression;
using Microsoft.Win32.SafeHandles;

namespace Mayfly.Packages.Archives.Zip;

/// <summary>
/// Reads a zip archive that may have been made to be read in two ways (APPNOTE 6.3.10). One that is read from its beginning and one that is read
/// from its directory at the end must be the same: each header before the data says what the directory says, the parts follow each other
/// without gaps or overlaps, and there is one directory only. Otherwise what one tool checks is not what another one installs.
/// </summary>
internal sealed class ZipReader
{
    private const uint EndMark = 0x06054b50;
    private const int EndLength = 22;
    private const uint LargeEndMark = 0x06064b50;
    private const int LargeEndLength = 56;
    private const uint LocatorMark = 0x07064b50;
    private const int LocatorLength = 20;

    /// <summary>More than any package has.</summary>
    private const int MostEntries = 500_000;
    private const long LargestDirectory = 256 << 20;

    private readonly SafeFileHandle _file;

    private ZipReader(SafeFileHandle file, IReadOnlyList<ZipEntry> entries) => (_file, Entries) = (file, entries);

    /// <summary>In the order of the directory.</summary>
    public IReadOnlyList<ZipEntry> Entries { get; }

    /// <summary>Reads the directory and compares it with all that it names.</summary>
    /// <param name="file">Must be possible to read at any offset, and stay open as long as entries are opened.</param>
    /// <exception cref="ArchiveException">The archive is damaged or ambiguous.</exception>
    public static ZipReader Read(SafeFileHandle file)
    {
        var (start, length, count) = FindDirectory(file);
        var directory = ReadAt(file, start, (int)length);
        var entries = new List<ZipEntry>((int)Math.Min(count, 10_000));
        var parts = new List<(long Start, long End)>(entries.Capacity);
        var rest = new ZipFields(directory);
        var names = new ZipNames();
        var (whole, most) = (0L, Swelling.Most(RandomAccess.GetLength(file)));
        for (var i = 0L; i < count; i++)
        {
            var header = ZipHeader.ReadCentral(ref rest);
            var (offset, end) = header.CompareWithLocal(file, start);
            parts.Add((header.LocalOffset, end));
            if ((whole += header.Size) > most)
                throw Swelling.Refusal();
            names.Add(header.Name);
            entries.Add(header.At(offset));
        }

        if (rest.Length != 0)
            throw new ArchiveException("its directory has more entries than it says");
        AssertContiguous(parts, start);
        return new ZipReader(file, entries);
    }

    /// <summary>What the directory says, of an archive of which nothing else needs to be there. Nothing is compared with it.</summary>
    internal static IReadOnlyList<ZipHeader> ReadDirectory(SafeFileHandle file)
    {
        var (start, length, count) = FindDirectory(file);
        var rest = new ZipFields(ReadAt(file, start, (int)length));
        var names = new ZipNames();
        var headers = new List<ZipHeader>((int)Math.Min(count, 10_000));
        for (var i = 0L; i < count; i++)
        {
            headers.Add(ZipHeader.ReadCentral(ref rest));
            names.Add(headers[^1].Name);
        }

        return rest.Length == 0 ? headers : throw new ArchiveException("its directory has more entries than it says");
    }

    /// <summary>An entry's contents. Reading as far as the end compares size and checksum.</summary>
    public Stream Open(ZipEntry entry) => Open(_file, entry);

    internal static Stream Open(SafeFileHandle file, ZipEntry entry)
    {
        var packed = new SectionStream(file, entry.Offset, entry.Packed);
        return new CheckedStream(entry.IsDeflated ? new DeflateStream(packed, CompressionMode.Decompress) : packed, entry);
    }

    internal static byte[] ReadAt(SafeFileHandle file, long offset, int length)
    {
        var bytes = new byte[length];
        for (var read = 0; read < length;)
        {
            var more = RandomAccess.Read(file, bytes.AsSpan(read), offset + read);
            if (more == 0)
                throw new ArchiveException("it is cut short");
            read += more;
        }

        return bytes;
    }

    internal static (long Start, long Length, long Count) FindDirectory(SafeFileHandle file)
    {
        var length = RandomAccess.GetLength(file);
        if (length < EndLength)
            throw new ArchiveException("it is too short for a zip archive");
        var tail = ReadAt(file, length - Math.Min(length, EndLength + ushort.MaxValue), (int)Math.Min(length, EndLength + ushort.MaxValue));
        // A comment may follow the end, and hold another end: whoever searches from the other side would find that one.
        var ends = Enumerable.Range(0, tail.Length - EndLength + 1).Where(at => BinaryPrimitives.ReadUInt32LittleEndian(tail.AsSpan(at)) == EndMark
            && at + EndLength + BinaryPrimitives.ReadUInt16LittleEndian(tail.AsSpan(at + 20)) == tail.Length).ToArray();
        if (ends is not [var only])
            throw new ArchiveException(ends.Length == 0 ? "it has no end of a zip archive; perhaps it is cut short, or something stands after it" : "it has more than one end");
        var end = new ZipFields(tail.AsSpan(only + 4, EndLength - 4));
        var (disk, first, here, count, size, start) = (end.Short(), end.Short(), end.Short(), (long)end.Short(), (long)end.Int(), (long)end.Int());
        var at = length - tail.Length + only;
        if (count == ushort.MaxValue || size == uint.MaxValue || start == uint.MaxValue)
            (at, count, size, start) = FindLarge(file, at);
        else if (disk != 0 || first != 0 || here != count)
            throw new ArchiveException("it is one of several volumes");
        if (start < 0 || size < 0 || start + size != at)
            throw new ArchiveException("its directory does not end where the archive's end begins");
        if (count > MostEntries || size > LargestDirectory)
            throw new ArchiveException($"it has {count} entries, more than any package");
        return (start, size, count);
    }

    /// <summary>Numbers that are too large for the end stand in a record before it (Zip64).</summary>
    private static (long At, long Count, long Size, long Start) FindLarge(SafeFileHandle file, long end)
    {
        if (end < LocatorLength + LargeEndLength)
            throw new ArchiveException("its large end is missing");
        var locator = new ZipFields(ReadAt(file, end - LocatorLength, LocatorLength));
        if (locator.Int() != LocatorMark || locator.Int() != 0 || locator.Long() is var at && at != end - LocatorLength - LargeEndLength || locator.Int() != 1)
            throw new ArchiveException("its large end is not where it should be");
        var record = new ZipFields(ReadAt(file, at, LargeEndLength));
        if (record.Int() != LargeEndMark || record.Long() != LargeEndLength - 12)
            throw new ArchiveException("its large end is damaged");
        record.Skip(4); // versions
        if (record.Int() != 0 || record.Int() != 0 || record.Long() is var here && record.Long() is var count && here != count)
            throw new ArchiveException("it is one of several volumes");
        var size = record.Long();
        return (at, count, size, record.Long());
    }

    private static void AssertContiguous(List<(long Start, long End)> parts, long directory)
    {
        parts.Sort();
        long at = 0;
        foreach (var (start, end) in parts)
        {
            if (start != at)
                throw new ArchiveException(start < at ? "two of its entries share bytes" : "bytes stand between its entries that belong to none");
            at = end;
        }

        if (at != directory)
            throw new ArchiveException("bytes stand before its directory that belong to no entry");
    }
}
