using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace Mayfly.Packages.Archives.Xz;

/// <summary>Decodes LZMA, as Igor Pavlov's specification describes it (lzma-specification.txt of the LZMA SDK).</summary>
/// <remarks>
/// What it keeps between calls: the model, which is the probabilities, the state and the last four distances, and the range coder. A
/// call decodes whole symbols, so nothing is ever in the middle of one; the caller sees to it that the longest symbol can be read.
/// Why not a library: three quarters of the time that unpacking takes is spent here, and the host's liblzma is the slower one. Bits that are a
/// toss-up, those of literals and distances, are decoded without a branch, which a processor would guess wrong half the time.
/// </remarks>
internal sealed unsafe class LzmaDecoder : IDisposable
{
    /// <summary>No symbol takes as many bytes of input: it is 20 at most.</summary>
    public const int LongestSymbol = 24;

    /// <summary>Bytes that a range coder begins with.</summary>
    public const int Prologue = 5;

    private const uint Top = 1 << 24;
    private const int ModelBits = 11;
    private const int MoveBits = 5;
    private const int MinimumMatch = 2;

    // Places in the one table of probabilities.
    private const int IsMatch = 0;
    private const int IsRep = IsMatch + (12 << 4);
    private const int IsRep0 = IsRep + 12;
    private const int IsRep1 = IsRep0 + 12;
    private const int IsRep2 = IsRep1 + 12;
    private const int IsRep0Long = IsRep2 + 12;
    private const int DistanceSlots = IsRep0Long + (12 << 4);
    private const int DistanceSpecial = DistanceSlots + (4 << 6);
    private const int DistanceAlign = DistanceSpecial + 128;
    private const int MatchLength = DistanceAlign + 16;
    private const int RepLength = MatchLength + LengthProbabilities;
    private const int Literals = RepLength + LengthProbabilities;

    // And in the part of a length: two choices, and three trees.
    private const int LengthLow = 2;
    private const int LengthMiddle = LengthLow + (16 << 3);
    private const int LengthHigh = LengthMiddle + (16 << 3);
    private const int LengthProbabilities = LengthHigh + 256;

    /// <summary>Read behind the last tree and never used: see <see cref="Matched"/>.</summary>
    private const int ReadAhead = 0x100;

    private ushort* _probabilities;
    private int _allocated;
    private int _literalContextBits;
    private uint _literalPositionMask;
    private uint _positionMask;
    private int _state;
    private uint _rep0;
    private uint _rep1;
    private uint _rep2;
    private uint _rep3;
    private uint _range;
    private uint _code;

    /// <summary>How <see cref="Decode"/> ended.</summary>
    public enum Outcome
    {
        /// <summary>The limit of input or output was reached.</summary>
        More,

        /// <summary>The mark of the end was read.</summary>
        EndMark,

        /// <summary>No encoder writes this.</summary>
        Damaged,
    }

    ~LzmaDecoder() => Release();

    /// <summary>Takes the byte of properties: literal context bits, literal position bits and position bits. False when it is none.</summary>
    /// <param name="properties">The byte.</param>
    /// <param name="most">The most that the first two may be together.</param>
    public bool SetProperties(byte properties, int most)
    {
        var (contextBits, literalBits, positionBits) = (properties % 9, properties / 9 % 5, properties / 45);
        if (positionBits > 4 || contextBits + literalBits > most)
            return false;
        _literalContextBits = contextBits;
        _literalPositionMask = (1u << literalBits) - 1;
        _positionMask = (1u << positionBits) - 1;
        var needed = Literals + (0x300 << (contextBits + literalBits));
        if (needed > _allocated)
        {
            NativeMemory.Free(_probabilities);
            _probabilities = null;
            _allocated = 0;
            _probabilities = (ushort*)NativeMemory.Alloc((nuint)(needed + ReadAhead), sizeof(ushort));
            _allocated = needed;
        }

        ResetState();
        return true;
    }

    public void ResetState()
    {
        new Span<ushort>(_probabilities, _allocated).Fill(1 << (ModelBits - 1));
        (_state, _rep0, _rep1, _rep2, _rep3) = (0, 0, 0, 0, 0);
    }

    /// <summary>Begins a range coder with its first <see cref="Prologue"/> bytes. False when they are none.</summary>
    public bool Begin(byte* input)
    {
        _range = uint.MaxValue;
        _code = (uint)((input[1] << 24) | (input[2] << 16) | (input[3] << 8) | input[4]);
        return input[0] == 0 && _code < _range;
    }

    /// <summary>True when the range coder has come to a proper end: it has no input left, and nothing in it.</summary>
    public bool End(ref byte* input)
    {
        nuint range = _range, code = _code;
        Normalize(ref range, ref code, ref input);
        return code == 0;
    }

    /// <summary>Decodes symbols while one begins before both limits.</summary>
    /// <param name="window">Is filled, to a symbol's length beyond the limit at most.</param>
    /// <param name="outputLimit">A place in the window.</param>
    /// <param name="input">Is moved on.</param>
    /// <param name="inputLimit">Here no symbol begins any more. <see cref="LongestSymbol"/> bytes after it must be readable.</param>
    // For this processor and at once: code that was compiled ahead knows an older one, and a build is over before it is replaced.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public Outcome Decode(LzmaWindow window, int outputLimit, ref byte* input, byte* inputLimit)
    {
        var probabilities = _probabilities;
        var next = input;
        nuint range = _range, code = _code;
        var rep0 = _rep0;
        var state = (uint)_state;
        var begin = window.Bytes + window.End;
        var output = begin;
        var limit = window.Bytes + outputLimit;
        var oldest = begin - window.History;
        var dictionary = (uint)window.Dictionary;
        var place = window.Position - (uint)(nuint)begin;
        var previous = window.History > 0 ? output[-1] : 0u;
        var outcome = Outcome.More;
        while (output < limit && next < inputLimit)
        {
            var position = place + (uint)(nuint)output;
            var positionState = position & _positionMask;
            if (!Bit(probabilities + IsMatch + (state << 4) + positionState, ref range, ref code, ref next))
            {
                var literal = probabilities + Literals + (0x300 * (((position & _literalPositionMask) << _literalContextBits) + (previous >> (8 - _literalContextBits))));
                uint symbol;
                if (state < 7)
                {
                    symbol = Tree(literal, 0x100, ref range, ref code, ref next);
                    state = state < 4 ? 0 : state - 3;
                }
                else
                {
                    symbol = Matched(literal, output[-1 - (nint)rep0], ref range, ref code, ref next);
                    state -= state < 10 ? 3u : 6u;
                }

                previous = symbol & 0xff;
                *output++ = (byte)symbol;
                continue;
            }

            uint length;
            if (!Bit(probabilities + IsRep + state, ref range, ref code, ref next))
            {
                (_rep3, _rep2, _rep1) = (_rep2, _rep1, rep0);
                length = Length(probabilities + MatchLength, positionState, ref range, ref code, ref next);
                state = state < 7 ? 7u : 10u;
                var slots = probabilities + DistanceSlots + (Math.Min(length, 3) << 6);
                rep0 = Tree(slots, 64, ref range, ref code, ref next) - 64;
                if (rep0 >= 4)
                {
                    var slot = rep0;
                    var bits = (int)(slot >> 1) - 1;
                    rep0 = (2 | (slot & 1)) << bits;
                    var tree = probabilities + DistanceSpecial + (rep0 - slot);
                    if (slot >= 14)
                    {
                        rep0 += Direct(bits - 4, ref range, ref code, ref next) << 4;
                        tree = probabilities + DistanceAlign;
                        bits = 4;
                    }

                    rep0 += Reversed(tree, bits, ref range, ref code, ref next);
                    if (rep0 == uint.MaxValue)
                    {
                        outcome = Outcome.EndMark;
                        break;
                    }
                }
            }
            else
            {
                if (!Bit(probabilities + IsRep0 + state, ref range, ref code, ref next))
                {
                    if (!Bit(probabilities + IsRep0Long + (state << 4) + positionState, ref range, ref code, ref next))
                    {
                        state = state < 7 ? 9u : 11u;
                        if (rep0 >= (nuint)(output - oldest) || rep0 >= dictionary)
                        {
                            outcome = Outcome.Damaged;
                            break;
                        }

                        *output = output[-1 - (nint)rep0];
                        previous = *output++;
                        continue;
                    }
                }
                else
                {
                    var distance = _rep1;
                    if (Bit(probabilities + IsRep1 + state, ref range, ref code, ref next))
                    {
                        distance = _rep2;
                        if (Bit(probabilities + IsRep2 + state, ref range, ref code, ref next))
                        {
                            distance = _rep3;
                            _rep3 = _rep2;
                        }

                        _rep2 = _rep1;
                    }

                    _rep1 = rep0;
                    rep0 = distance;
                }

                length = Length(probabilities + RepLength, positionState, ref range, ref code, ref next);
                state = state < 7 ? 8u : 11u;
            }

            // A distance of 0 is the byte before.
            if (rep0 >= (nuint)(output - oldest) || rep0 >= dictionary)
            {
                outcome = Outcome.Damaged;
                break;
            }

            length += MinimumMatch;
            Copy(output, (nint)rep0 + 1, (nint)length);
            output += length;
            previous = output[-1];
        }

        input = next;
        (_range, _code, _rep0, _state) = ((uint)range, (uint)code, rep0, (int)state);
        window.Advance((int)(output - begin));
        return outcome;
    }

    public void Dispose()
    {
        Release();
        GC.SuppressFinalize(this);
    }

    private void Release()
    {
        NativeMemory.Free(_probabilities);
        _probabilities = null;
        _allocated = 0;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Normalize(ref nuint range, ref nuint code, ref byte* next)
    {
        if (range >= Top)
            return;
        range <<= 8;
        code = (code << 8) | *next++;
    }

    /// <summary>One bit, for the branch that follows.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool Bit(ushort* probability, ref nuint range, ref nuint code, ref byte* next)
    {
        Normalize(ref range, ref code, ref next);
        nuint value = *probability;
        var bound = (range >> ModelBits) * value;
        if (code < bound)
        {
            range = bound;
            *probability = (ushort)(value + (((1 << ModelBits) - value) >> MoveBits));
            return false;
        }

        range -= bound;
        code -= bound;
        *probability = (ushort)(value - (value >> MoveBits));
        return true;
    }

    /// <summary>One bit without a branch that depends on it: all ones when it is 0.</summary>
    /// <param name="probability">Where it is kept.</param>
    /// <param name="value">What it is.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static nuint IsZero(ushort* probability, nuint value, ref nuint range, ref nuint code, ref byte* next)
    {
        Normalize(ref range, ref code, ref next);
        var bound = (range >> ModelBits) * value;
        code -= bound;
        var zero = (nuint)((nint)code >> 63);
        range -= bound;
        range ^= (range ^ bound) & zero;
        code += bound & zero;
        // For a 0 this is value + ((2048 - value) >> 5), for a 1 it is value - (value >> 5).
        *probability = (ushort)(value - (nuint)((nint)(value - (zero & ((1 << ModelBits) - (1 << MoveBits) + 1))) >> MoveBits));
        return zero;
    }

    /// <summary>Bits of a tree until its symbol has come to <paramref name="end"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Tree(ushort* tree, uint end, ref nuint range, ref nuint code, ref byte* next)
    {
        nuint symbol = 1, value = tree[1];
        do
        {
            // Both that may come next are read before it is known which one: that takes longer than all the rest. Behind the last bit they mean nothing.
            nuint left = tree[2 * symbol], right = tree[(2 * symbol) + 1];
            var zero = IsZero(tree + symbol, value, ref range, ref code, ref next);
            symbol = (2 * symbol) + 1 + zero;
            value = right ^ ((left ^ right) & zero);
        }
        while (symbol < end);
        return (uint)symbol;
    }

    /// <summary>A literal that follows a match: the byte at the last distance foretells it, until the first bit that differs.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Matched(ushort* literal, nuint match, ref nuint range, ref nuint code, ref byte* next)
    {
        nuint symbol = 1, offset = 0x100;
        match <<= 1;
        var place = literal + offset + (match & offset) + 1;
        nuint value = *place;
        do
        {
            var matching = match & offset;
            match <<= 1;
            nuint offsetLeft = offset & ~matching, offsetRight = offset & matching;
            var placeLeft = literal + (offsetLeft + (match & offsetLeft) + (2 * symbol));
            var placeRight = literal + (offsetRight + (match & offsetRight) + (2 * symbol) + 1);
            nuint left = *placeLeft, right = *placeRight;
            var zero = IsZero(place, value, ref range, ref code, ref next);
            symbol = (2 * symbol) + 1 + zero;
            value = right ^ ((left ^ right) & zero);
            offset = offsetRight ^ ((offsetLeft ^ offsetRight) & zero);
            place = literal + (offset + (match & offset) + symbol);
        }
        while (symbol < 0x100);
        return (uint)symbol;
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Length(ushort* part, uint positionState, ref nuint range, ref nuint code, ref byte* next)
    {
        ushort* tree;
        uint first, end;
        if (!Bit(part, ref range, ref code, ref next))
        {
            tree = part + LengthLow + (positionState << 3);
            (first, end) = (0, 8);
        }
        else if (!Bit(part + 1, ref range, ref code, ref next))
        {
            tree = part + LengthMiddle + (positionState << 3);
            (first, end) = (8, 8);
        }
        else
        {
            tree = part + LengthHigh;
            (first, end) = (16, 256);
        }

        return first + Tree(tree, end, ref range, ref code, ref next) - end;
    }

    /// <summary>Bits of a tree, the lowest first.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Reversed(ushort* tree, int bits, ref nuint range, ref nuint code, ref byte* next)
    {
        uint symbol = 1, result = 0;
        for (var bit = 0; bit < bits; bit++)
        {
            var one = 1 + (uint)IsZero(tree + symbol, tree[symbol], ref range, ref code, ref next);
            symbol = (2 * symbol) + one;
            result |= one << bit;
        }

        return result;
    }

    /// <summary>Bits without a model.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static uint Direct(int bits, ref nuint range, ref nuint code, ref byte* next)
    {
        uint result = 0;
        do
        {
            Normalize(ref range, ref code, ref next);
            range >>= 1;
            code -= range;
            var zero = (nuint)((nint)code >> 63);
            code += range & zero;
            result = (result << 1) + 1 + (uint)zero;
        }
        while (--bits > 0);
        return result;
    }

    /// <summary>Repeats what was written so far before; up to a vector more may be written behind it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Copy(byte* output, nint distance, nint length)
    {
        var end = output + length;
        if (distance >= Vector128<byte>.Count)
        {
            do
            {
                Vector128.Store(Vector128.Load(output - distance), output);
                output += Vector128<byte>.Count;
            }
            while (output < end);
        }
        else if (distance >= sizeof(ulong))
        {
            do
            {
                *(ulong*)output = *(ulong*)(output - distance);
                output += sizeof(ulong);
            }
            while (output < end);
        }
        else if (distance == 1)
        {
            new Span<byte>(output, (int)length).Fill(output[-1]);
        }
        else
        {
            do
            {
                *output = output[-distance];
                output++;
            }
            while (output < end);
        }
    }
}
