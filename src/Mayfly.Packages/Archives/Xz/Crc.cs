using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Mayfly.Packages.Archives.Xz;

/// <summary>A cyclic redundancy check, lowest bit first, as .xz uses two of them (The .xz File Format, section 6).</summary>
/// <remarks>
/// Eight bytes at a time, each through a table of its own. Where the processor multiplies without carries, long input is first folded: its remainder is
/// that of sixteen bytes (Gopal and others, "Fast CRC Computation for Generic Polynomials Using PCLMULQDQ Instruction", Intel 2009). The platform's
/// Crc64 goes through the bits the other way round.
/// </remarks>
internal sealed class Crc
{
    /// <summary>IEEE 802.3's.</summary>
    public static readonly Crc Bits32 = new(0xEDB88320, uint.MaxValue);

    /// <summary>ECMA-182's.</summary>
    public static readonly Crc Bits64 = new(0xC96C5795D7870F42, ulong.MaxValue);

    private const int Width = 8;

    private readonly ulong[] _tables = new ulong[Width * 256];
    private readonly ulong _ones;
    private readonly Vector128<ulong> _factors;

    private Crc(ulong polynomial, ulong ones)
    {
        _ones = ones;
        // Of two reflected numbers the product without carries is one bit short, hence the odd powers.
        _factors = Vector128.Create(Power(191), Power(127));
        for (var value = 0; value < 256; value++)
        {
            var crc = (ulong)value;
            for (var bit = 0; bit < 8; bit++)
                crc = (crc >> 1) ^ ((crc & 1) * polynomial);
            _tables[value] = crc;
        }

        for (var at = 256; at < _tables.Length; at++)
            _tables[at] = (_tables[at - 256] >> 8) ^ _tables[_tables[at - 256] & 0xff];

        ulong Power(int exponent)
        {
            var power = 1UL << 63;
            for (; exponent > 0; exponent--)
                power = (power >> 1) ^ ((power & 1) * polynomial);
            return power;
        }
    }

    /// <param name="bytes">What is checked.</param>
    /// <param name="before">The check of what precedes them.</param>
    public ulong Of(ReadOnlySpan<byte> bytes, ulong before = 0)
    {
        var crc = before ^ _ones;
        if (_ones == ulong.MaxValue && Pclmulqdq.IsSupported && bytes.Length >= 4 * Vector128<byte>.Count)
        {
            var folded = Fold(ref bytes, crc);
            Span<byte> rest = stackalloc byte[Vector128<byte>.Count];
            folded.AsByte().CopyTo(rest);
            crc = Tabled(rest, 0);
        }

        return Tabled(bytes, crc) ^ _ones;
    }

    /// <summary>Sixteen bytes with the same remainder as the bytes and the register together; leaves what is too little to fold.</summary>
    private Vector128<ulong> Fold(ref ReadOnlySpan<byte> bytes, ulong crc)
    {
        var blocks = MemoryMarshal.Cast<byte, Vector128<ulong>>(bytes);
        var folded = blocks[0] ^ Vector128.CreateScalar(crc);
        foreach (var block in blocks[1..])
            folded = Pclmulqdq.CarrylessMultiply(folded, _factors, 0x00) ^ Pclmulqdq.CarrylessMultiply(folded, _factors, 0x11) ^ block;
        bytes = bytes[(blocks.Length * Vector128<byte>.Count)..];
        return folded;
    }

    private ulong Tabled(ReadOnlySpan<byte> bytes, ulong crc)
    {
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
        return crc;
    }
}
