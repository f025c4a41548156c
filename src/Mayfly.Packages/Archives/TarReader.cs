using System.Buffers.Binary;
using System.Text;

namespace Mayfly.Packages.Archives;

/// <summary>
/// Reads a tar archive from front to back: POSIX ustar with pax headers (IEEE 1003.1 pax, "ustar Interchange Format" and
/// "pax Interchange Format") and GNU's long names and base-256 numbers.
/// </summary>
/// <remarks>
/// Our own beside System.Formats.Tar, because packages are input from outside: that reader allocates what a pax or long-name header
/// claims, replaces bytes that are no UTF-8 instead of refusing them, and gives times and extended attributes as text in a
/// dictionary for each entry. Here metadata is bounded before it is read, every oddity is an <see cref="ArchiveException"/>, and an
/// entry costs one allocation and its strings.
/// </remarks>
internal sealed class TarReader(Stream archive)
{
    private const int Block = 512;
    private const int MetadataLimit = 1 << 20;

    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    private readonly byte[] _header = new byte[Block];
    private readonly PaxValues _global = new();
    private readonly Dictionary<int, string> _names = [];
    private long _left;
    private int _padding;
    private bool _ended;

    /// <summary>The next entry, or null at the end; skips what was not read of the last one.</summary>
    public TarEntry? Next()
    {
        string? longName = null, longTarget = null;
        var pax = new PaxValues(_global);
        while (!_ended)
        {
            SkipRest();
            if (!ReadHeader())
            {
                if (longName is not null || longTarget is not null || pax.Any)
                    throw new ArchiveException("its tar ends after an extended header");
                return null;
            }

            var type = (char)_header[156];
            switch (type)
            {
                // Readers differ in which of two they believe (GNU tar takes the last, others what both say together).
                case 'L' when longName is not null:
                case 'K' when longTarget is not null:
                case 'x' or 'X' or 'g' when pax.Any:
                    throw new ArchiveException("two extended headers of one kind stand before an entry of its tar");
                case 'L':
                    longName = ZeroEnded(ReadMetadata("long name"));
                    break;
                case 'K':
                    longTarget = ZeroEnded(ReadMetadata("long link"));
                    break;
                case 'x' or 'X':
                    pax.Read(ReadMetadata("pax header"));
                    break;
                case 'g':
                    _global.Read(ReadMetadata("pax header"));
                    pax = new PaxValues(_global);
                    break;
                default:
                    return Entry(type, longName, longTarget, pax);
            }
        }

        return null;
    }

    /// <summary>Contents of the current entry; 0 at its end.</summary>
    public int Read(Span<byte> buffer)
    {
        if (_left == 0 || buffer.IsEmpty)
            return 0;
        var read = archive.Read(buffer[..(int)Math.Min(buffer.Length, _left)]);
        if (read == 0)
            throw new ArchiveException("its tar is cut short");
        _left -= read;
        return read;
    }

    /// <summary>
    /// Reads what follows the end of the archive, so that the decoder below compares its check sums; it is padding to a record of
    /// some KiB, and much more of it is refused.
    /// </summary>
    public void Finish()
    {
        const int PaddingLimit = 1 << 20;
        Span<byte> waste = stackalloc byte[4096];
        for (int read, total = 0; (read = archive.Read(waste)) > 0;)
        {
            if ((total += read) > PaddingLimit)
                throw new ArchiveException("much follows the end of its tar");
        }
    }

    private TarEntry Entry(char flag, string? longName, string? longTarget, PaxValues pax)
    {
        var name = pax.Path ?? longName ?? HeaderName();
        var type = flag switch
        {
            '\0' or '0' or '7' when name.EndsWith('/') => EntryType.Directory, // as tar wrote them before ustar
            '\0' or '0' or '7' => EntryType.File,
            '1' => EntryType.HardLink,
            '2' => EntryType.SymbolicLink,
            '3' => EntryType.CharacterDevice,
            '4' => EntryType.BlockDevice,
            '5' => EntryType.Directory,
            '6' => EntryType.Fifo,
            _ => throw new ArchiveException($"{Shown(name)} is a tar entry of a kind that is not supported ('{(flag is > ' ' and < '\x7f' ? flag : '?')}')"),
        };
        if (pax.Sparse)
            throw new ArchiveException($"{Shown(name)} is a sparse file in pax form, which is not supported");
        var size = pax.Size ?? Number(124, 12, "size");
        if (size < 0)
            throw new ArchiveException($"the size of {Shown(name)} is negative");
        // IEEE 1003.1: a hard link may carry data in pax archives, other kinds carry none whatever their size field says;
        // GNU tar and dpkg agree on ignoring it for all but regular files.
        if (type != EntryType.File)
            size = 0;
        BeginContents(size);
        var device = type is EntryType.CharacterDevice or EntryType.BlockDevice;
        return new TarEntry
        {
            Name = name,
            Type = type,
            Mode = (int)(Number(100, 8, "mode") & 0xFFF),
            UserId = Id(pax.UserId ?? Number(108, 8, "uid"), name),
            GroupId = Id(pax.GroupId ?? Number(116, 8, "gid"), name),
            User = pax.User ?? Interned(265, 32),
            Group = pax.Group ?? Interned(297, 32),
            Time = pax.Time ?? Number(136, 12, "mtime"),
            Size = size,
            Target = type is EntryType.HardLink or EntryType.SymbolicLink ? pax.Target ?? longTarget ?? Text(157, 100) : "",
            DeviceMajor = device ? Id(Number(329, 8, "device"), name) : 0,
            DeviceMinor = device ? Id(Number(337, 8, "device"), name) : 0,
            Attributes = pax.Attributes ?? TarEntry.NoAttributes,
        };
    }

    private bool ReadHeader()
    {
        var read = archive.ReadAtLeast(_header, Block, throwOnEndOfStream: false);
        if (read != Block)
            throw new ArchiveException("its tar is cut short");
        if (!_header.AsSpan().ContainsAnyExcept((byte)0))
        {
            _ended = true;
            return false;
        }

        // Old tars summed signed characters.
        int unsigned = 0, signed = 0;
        for (var at = 0; at < Block; at++)
        {
            var value = at is >= 148 and < 156 ? (byte)' ' : _header[at];
            unsigned += value;
            signed += (sbyte)value;
        }

        var sum = Number(148, 8, "checksum");
        if (sum != unsigned && sum != signed)
            throw new ArchiveException("a tar header's checksum is wrong");
        return true;
    }

    private byte[] ReadMetadata(string what)
    {
        var size = Number(124, 12, "size");
        if (size is < 0 or > MetadataLimit)
            throw new ArchiveException($"a tar {what} of {size} bytes is refused");
        var bytes = new byte[size];
        BeginContents(size);
        for (var at = 0; at < bytes.Length;)
            at += Read(bytes.AsSpan(at));
        return bytes;
    }

    private void BeginContents(long size)
    {
        _left = size;
        _padding = (int)(-size & (Block - 1));
    }

    private void SkipRest()
    {
        Span<byte> waste = stackalloc byte[4096];
        while (Read(waste) > 0)
        {
        }

        if (_padding > 0 && archive.ReadAtLeast(waste[.._padding], _padding, throwOnEndOfStream: false) != _padding)
            throw new ArchiveException("its tar is cut short");
        _padding = 0;
    }

    private string HeaderName()
    {
        var name = Text(0, 100);
        var posix = _header.AsSpan(257, 6).SequenceEqual("ustar\0"u8);
        return posix && _header[345] != 0 ? $"{Text(345, 155)}/{name}" : name;
    }

    /// <summary>A field in octal, or in GNU's base 256 when its first bit is set.</summary>
    private long Number(int offset, int length, string what)
    {
        var field = _header.AsSpan(offset, length);
        if ((field[0] & 0x80) != 0)
        {
            // Nothing here is meant to need more than 63 bits: all higher bytes repeat the sign.
            var negative = (field[0] & 0x40) != 0;
            var high = length - 8;
            for (var at = 0; at < high; at++)
            {
                var expected = (at, negative) switch { (0, true) => (byte)0xFF, (0, false) => (byte)0x80, (_, true) => (byte)0xFF, _ => (byte)0 };
                if (field[at] != expected)
                    throw new ArchiveException($"a tar header's {what} is absurd");
            }

            if (high > 0)
            {
                var wide = BinaryPrimitives.ReadInt64BigEndian(field[high..]);
                return wide < 0 != negative ? throw new ArchiveException($"a tar header's {what} is absurd") : wide;
            }

            var value = BinaryPrimitives.ReadInt64BigEndian(field);
            return negative ? value : value & long.MaxValue;
        }

        var text = field.Trim("\0 "u8);
        long result = 0;
        foreach (var digit in text)
        {
            if (digit is < (byte)'0' or > (byte)'7' || result > long.MaxValue >> 3)
                throw new ArchiveException($"a tar header's {what} is no number");
            result = (result << 3) | (uint)(digit - '0');
        }

        return result;
    }

    private static int Id(long value, string name) =>
        value is >= 0 and <= int.MaxValue ? (int)value : throw new ArchiveException($"an owner or device number of {Shown(name)} is absurd");

    private string Text(int offset, int length) => ZeroEnded(_header.AsSpan(offset, length));

    /// <summary>User and group names repeat in nearly every header.</summary>
    private string Interned(int offset, int length)
    {
        var field = _header.AsSpan(offset, length);
        var hash = new HashCode();
        hash.AddBytes(field);
        var key = hash.ToHashCode();
        if (_names.TryGetValue(key, out var known) && Encoding.UTF8.GetByteCount(known) is var count && count <= length
            && Encoding.UTF8.GetBytes(known).AsSpan().SequenceEqual(field[..count]) && (count == length || field[count] == 0))
            return known;
        return _names[key] = ZeroEnded(field);
    }

    private static string ZeroEnded(ReadOnlySpan<byte> bytes)
    {
        var end = bytes.IndexOf((byte)0);
        return Decode(end < 0 ? bytes : bytes[..end]);
    }

    internal static string Decode(ReadOnlySpan<byte> bytes)
    {
        try
        {
            return Strict.GetString(bytes);
        }
        catch (DecoderFallbackException e)
        {
            throw new ArchiveException($"a name in its tar is not UTF-8 ({Shown(Encoding.Latin1.GetString(bytes))}), which policy 10.10 demands", e);
        }
    }

    /// <summary>A name for a message: bounded, without control characters that would act on a terminal.</summary>
    internal static string Shown(string name)
    {
        var shown = name.Length > 120 ? name[..120] + "…" : name;
        return string.Create(shown.Length, shown, static (span, source) =>
        {
            for (var at = 0; at < span.Length; at++)
                span[at] = char.IsControl(source[at]) ? '?' : source[at];
        });
    }
}
