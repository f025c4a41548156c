using System.Buffers.Binary;
using System.Numerics;

namespace Mayfly.Packages.Archives.Xz;

/// <summary>Decodes .lzma, the form that .xz replaced (lzma-file-format.txt of XZ Utils); old packages have it.</summary>
internal sealed unsafe class LzmaStream(Stream compressed) : ForwardStream
{
    private const int HeaderLength = 13;

    private readonly LzmaInput _input = new(compressed);
    private readonly LzmaWindow _window = new();
    private readonly LzmaDecoder _decoder = new();
    private long? _left;
    private bool _begun;
    private bool _ended;

    public override int Read(Span<byte> buffer)
    {
        if (buffer.IsEmpty)
            return 0;
        while (_window.Unread == _window.End && !_ended)
            More();
        var read = _window.Take(buffer.Length);
        read.CopyTo(buffer);
        return read.Length;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _input.Dispose();
            _window.Dispose();
            _decoder.Dispose();
        }

        base.Dispose(disposing);
    }

    private void Begin()
    {
        if (!_input.Has(HeaderLength + LzmaDecoder.Prologue))
            throw new ArchiveException("its lzma stream is cut short");
        var header = _input.Use(HeaderLength);
        var length = BinaryPrimitives.ReadInt64LittleEndian(header[5..]);
        var dictionary = BinaryPrimitives.ReadUInt32LittleEndian(header[1..]);
        // There is no mark that it begins with; that what it says is plausible must stand for one. Every encoder makes dictionaries of 2^n or 3 x 2^n bytes.
        if (length < -1 || dictionary == 0 || (dictionary >> BitOperations.TrailingZeroCount(dictionary)) is not (1 or 3 or uint.MaxValue) || !_decoder.SetProperties(header[0], most: 4))
            throw new ArchiveException("its lzma stream has no header that could be read");
        _left = length < 0 ? null : length;
        _window.Reset(XzStream.Allowed(dictionary));
        if (!_decoder.Begin(_input.Next))
            throw new ArchiveException("its lzma stream is damaged");
        _input.Use(LzmaDecoder.Prologue);
        _begun = true;
    }

    private void More()
    {
        if (!_begun)
            Begin();
        const int Most = 1 << 18;
        // The last bytes of the input are decoded with what may be read behind them.
        var all = !_input.Has(2 * LzmaDecoder.LongestSymbol);
        var count = (int)Math.Min(Most, _left ?? Most);
        _window.Reserve(count);
        var before = _window.End;
        var begin = _input.Next;
        var next = begin;
        var outcome = _decoder.Decode(_window, before + count, ref next, begin + _input.Available + (all ? 1 : -LzmaDecoder.LongestSymbol));
        var made = _window.End - before;
        _left -= made;
        _ended = outcome == LzmaDecoder.Outcome.EndMark;
        var finished = !_ended || _decoder.End(ref next);
        if (next - begin > _input.Available || (all && made == 0 && !_ended && outcome == LzmaDecoder.Outcome.More))
            throw new ArchiveException("its lzma stream is cut short");
        if (outcome == LzmaDecoder.Outcome.Damaged || !finished || _left < 0 || (_ended && _left > 0))
            throw new ArchiveException("its lzma stream is damaged");
        _ended |= _left == 0;
        _input.Use((int)(next - begin));
    }
}
