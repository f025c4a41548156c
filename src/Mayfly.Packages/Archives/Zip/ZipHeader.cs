using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Mayfly.Packages.Archives.Zip;

/// <summary>What the directory, or the header before the data, says of an entry.</summary>
internal sealed record ZipHeader
{
    private const uint CentralMark = 0x02014b50;
    private const uint LocalMark = 0x04034b50;
    private const uint DescriptorMark = 0x08074b50;
    private const int LocalLength = 30;

    private const int NewestVersion = 63;
    private const int Unix = 3;
    private const int KindBits = 0xF000;
    private const int FileKind = 0x8000;
    private const int FolderKind = 0x4000;

    /// <summary>Sizes follow the data.</summary>
    private const int SizesFollow = 1 << 3;

    /// <summary>The name is UTF-8.</summary>
    private const int Utf8 = 1 << 11;

    /// <summary>How the data was compressed (bits 1 and 2), and the two above: all others make the entry something that no package has, such as encrypted.</summary>
    private const int Known = 0b110 | SizesFollow | Utf8;

    private static readonly Encoding StrictUtf8 = new UTF8Encoding(false, throwOnInvalidBytes: true);

    public required string Name { get; init; }

    public required int Flags { get; init; }

    public required int Method { get; init; }

    public required uint Checksum { get; init; }

    public required long Packed { get; init; }

    public required long Size { get; init; }

    public long LocalOffset { get; init; }

    public int? Mode { get; init; }

    public static ZipHeader ReadCentral(ref ZipFields rest)
    {
        if (rest.Int() != CentralMark)
            throw new ArchiveException("its directory is damaged");
        var madeBy = rest.Short();
        AssertVersion(rest.Short());
        var (flags, method) = (rest.Short(), rest.Short());
        rest.Skip(4); // time
        var (checksum, packed, size) = (rest.Int(), (long)rest.Int(), (long)rest.Int());
        var (name, extra, comment) = (rest.Short(), rest.Short(), rest.Short());
        if (rest.Short() is not (0 or ushort.MaxValue))
            throw new ArchiveException("it is one of several volumes");
        rest.Skip(2); // internal attributes
        var (attributes, offset) = (rest.Int(), (long)rest.Int());
        var written = ReadName(rest.Take(name), flags);
        ReadExtra(rest.Take(extra), written, ref size, ref packed, ref offset);
        rest.Skip(comment);
        int? mode = madeBy >> 8 == Unix && attributes >> 16 is > 0 and var bits ? (int)bits : null;
        if (mode is { } kind && (kind & KindBits) is not (0 or FileKind or FolderKind))
            throw new ArchiveException($"'{written}' in it is a link or a device");
        var header = new ZipHeader { Name = written, Flags = flags, Method = method, Checksum = checksum, Packed = packed, Size = size, LocalOffset = offset, Mode = mode & 0xFFF };
        header.AssertReadable();
        return header;
    }

    /// <summary>Compares it with the header before the data, and with what follows the data.</summary>
    /// <returns>Where the data begins, and where all of the entry ends.</returns>
    public (long Data, long End) CompareWithLocal(SafeFileHandle file, long directory)
    {
        if (LocalOffset > directory - LocalLength)
            throw Different("it is not where the directory says");
        var rest = new ZipFields(ZipReader.ReadAt(file, LocalOffset, LocalLength));
        if (rest.Int() != LocalMark)
            throw Different("it is not where the directory says");
        AssertVersion(rest.Short());
        var (flags, method) = (rest.Short(), rest.Short());
        rest.Skip(4); // time
        var (checksum, packed, size) = (rest.Int(), (long)rest.Int(), (long)rest.Int());
        var (name, extra) = (rest.Short(), rest.Short());
        var variable = new ZipFields(ZipReader.ReadAt(file, LocalOffset + LocalLength, name + extra));
        var written = ReadName(variable.Take(name), flags);
        long offset = 0;
        ReadExtra(variable.Take(extra), written, ref size, ref packed, ref offset);
        if (written != Name || flags != Flags || method != Method)
            throw Different($"its own header says {(written != Name ? $"'{written}'" : "otherwise how it is packed")}");
        var follow = (flags & SizesFollow) != 0;
        // Where they follow, nothing stands here, or the same.
        if ((checksum, packed, size) != (Checksum, Packed, Size) && !(follow && checksum is 0 && packed is 0 && size is 0))
            throw Different("its own header says another size or checksum");
        var data = LocalOffset + LocalLength + name + extra;
        var end = data + Packed;
        if (end > directory)
            throw Different("it goes on beyond the directory");
        return (data, follow ? end + DescriptorLength(file, end, directory) : end);
    }

    public ZipEntry At(long offset) => new() { Name = Name, Mode = Mode, Size = Size, Packed = Packed, Checksum = Checksum, IsDeflated = Method == 8, Offset = offset };

    /// <summary>The version of the format that is needed to read the entry, times ten; the rest of the number is a system that does not matter.</summary>
    private static void AssertVersion(ushort needed)
    {
        if ((needed & 0xFF) > NewestVersion)
            throw new ArchiveException($"it needs version {(needed & 0xFF) / 10.0:0.0} of the format");
    }

    private void AssertReadable()
    {
        if ((Flags & ~Known) != 0 || Method is not (0 or 8))
            throw new ArchiveException($"'{Name}' in it is {((Flags & 1) != 0 ? "encrypted" : "packed in a way that packages are not")}");
        // Deflate makes 258 bytes of two bits at best.
        if (Method == 0 ? Packed != Size : Size > (Packed * 1032) + 64)
            throw new ArchiveException($"'{Name}' in it cannot have the size that it says");
        if (Name.EndsWith('/') && Size != 0)
            throw new ArchiveException($"the folder '{Name}' in it has contents");
    }

    /// <summary>Checksum and sizes, with a mark before them or none, in four or eight bytes.</summary>
    private int DescriptorLength(SafeFileHandle file, long at, long directory)
    {
        var bytes = ZipReader.ReadAt(file, at, (int)Math.Min(24, directory - at));
        foreach (var (mark, large) in ((bool, bool)[])[(true, false), (true, true), (false, false), (false, true)])
        {
            var length = (mark ? 4 : 0) + 4 + (large ? 16 : 8);
            if (bytes.Length < length)
                continue;
            var rest = new ZipFields(bytes);
            if ((!mark || rest.Int() == DescriptorMark) && rest.Int() == Checksum && (large ? rest.Long() : rest.Int()) == Packed && (large ? rest.Long() : rest.Int()) == Size)
                return length;
        }

        throw Different("what follows it says another size or checksum");
    }

    private ArchiveException Different(string what) => new($"'{Name}' in it is not what its directory says: {what}");

    private static string ReadName(ReadOnlySpan<byte> bytes, int flags)
    {
        // Without the flag the encoding is that of a machine of 1981, and tools differ what that means.
        if ((flags & Utf8) == 0 && bytes.ContainsAnyExceptInRange((byte)0, (byte)127))
            throw new ArchiveException("a name in it is in no known encoding");
        try
        {
            return StrictUtf8.GetString(bytes);
        }
        catch (DecoderFallbackException e)
        {
            throw new ArchiveException("a name in it is not UTF-8", e);
        }
    }

    /// <summary>Numbers that have no room elsewhere (1), and another name (7075).</summary>
    private static void ReadExtra(ReadOnlySpan<byte> bytes, string name, ref long size, ref long packed, ref long offset)
    {
        var rest = new ZipFields(bytes);
        var large = false;
        while (rest.Length >= 4)
        {
            var (kind, length) = (rest.Short(), rest.Short());
            var field = new ZipFields(rest.Take(length));
            if (kind == 1)
            {
                if (large)
                    throw new ArchiveException($"'{name}' in it says its size twice");
                large = true;
                if (size == uint.MaxValue)
                    size = field.Long();
                if (packed == uint.MaxValue)
                    packed = field.Long();
                if (offset == uint.MaxValue)
                    offset = field.Long();
            }
            else if (kind == 0x7075)
            {
                throw new ArchiveException($"'{name}' in it has a second name");
            }
        }

        if (rest.Length != 0)
            throw new ArchiveException($"what is said of '{name}' in it is cut short");
    }
}
