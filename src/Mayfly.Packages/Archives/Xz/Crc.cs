using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Mayfly.Packages.Archives.Xz;

/// <summary>A cyclic redundancy check, lowest bit first, as .xz uses two of them (The .xz File Format, section 6).</summary>
/// <remarks>Eight bytes at a time, each through a table of its own. The platform's Crc64 goes through the bits the other way round.</remarks>
internal sealed class Crc
{
    /// <summary>IEEE 802.3's.</summary>
    public static readonly Crc Bits32 = new(0xEDB88320, uint.MaxValue);

    /// <summary>ECMA-182's.</summary>
    public static readonly Crc Bits64 = new(0xC96C5795D7870F42, ulong.MaxValue);

    private const int Width = 8;

    private readonly ulong[] _tables = new ulong[Width * 256];
    private readonly ulong _ones;

    private Crc(ulong polynomial, ulong ones)
    {
        _ones = ones;
        for (var value = 0; value < 256; value++)
        {
            var crc = (ulong)value;
            for (var bit = 0; bit < 8; bit++)
                crc = (crc >> 1) ^ ((crc & 1) * polynomial);
            _tables[value] = crc;
        }

        for (var at = 256; at < _tables.Length; at++)
            _tables[at] = (_tables[at - 256] >> 8) ^ _tables[_tables[at - 256] & 0xff];
    }

    /// <param name="bytes">What is checked.</param>
    /// <param name="before">The check of what precedes them.</param>
    public ulong Of(ReadOnlySpan<byte> bytes, ulong before = 0)
    {
        var crc = before ^ _ones;
        var tables = _tables.AsSpan(0, Width * 256);
        var words = MemoryMarshal.Cast<byte, ulong>(bytes);
        foreach (var word in words)
        {
            var mixed = crc ^ (BitConverter.IsLittleEndian ? word : BinaryPrimitives.ReverseEndianness(word));
            crc = tables[(7 * 256) + (byte)mixed] ^ tables[(6 * 256) + (byte)(mixed >> 8)] ^ tables[(5 * 256) + (byte)(mixed >> 16)] ^ tables[(4 * 256) + (byte)(mixed >> 24)]
                ^ tables[(3 * 256) + (byte)(mixed >> 32)] ^ tables[(2 * 256) + (byte)(mixed >> 40)] ^ tables[256 + (byte)(mixed >> 48)] ^ tables[(byte)(mixed >> 56)];
        }

        foreach (var one in bytes[(words.Length * Width)..])
            crc = tables[(byte)crc ^ one] ^ (crc >> 8);
        return crc ^ _ones;
    }
}
