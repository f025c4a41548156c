using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Mayfly.Packages.Archives.Xz;

/// <summary>
/// Decodes .xz (The .xz File Format, version 1.2.0), with the one filter that packages use, LZMA2. Every check that a file carries is made,
/// of its headers, its blocks' contents, and its index.
/// </summary>
/// <remarks>
/// What it keeps: the window of the last bytes, the model of LZMA, and where in the file it is. How it changes: a chunk of LZMA2 is decoded whole, at most 2 MiB, when
/// all before it has been read. Memory grows with what comes out, and to twice a dictionary of 64 MiB at most: a hostile header may ask for 4 GiB.
/// </remarks>
internal sealed unsafe class XzStream(Stream compressed) : ForwardStream
{
    /// <summary>What <c>xz -9</c> makes.</summary>
    private const long DictionaryLimit = 64L << 20;

    private const int HeaderLength = 12;
    private const int ChunkHeaderLength = 6;
    private const int Lzma2 = 0x21;

    private static readonly byte[] Magic = [0xFD, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', 0];

    private readonly LzmaInput _input = new(compressed);
    private readonly LzmaWindow _window = new();
    private readonly LzmaDecoder _decoder = new();
    private readonly IncrementalHash _sha256 = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly IncrementalHash _index = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private Stage _stage = Stage.Stream;
    private ushort _flags;
    private ulong _crc;
    private long _blocks;
    private long _blockBegan;
    private long _blockHeader;
    private long? _compressedLength;
    private long? _length;
    private long _made;
    private int _dictionary;
    private bool _needsReset;
    private bool _needsProperties;

    private enum Stage
    {
        Stream,
        Block,
        Chunk,
        End,
    }

    private int Check => _flags >> 8;

    /// <summary>The bytes of a check (section 2.1.1.2).</summary>
    private int CheckLength => Check switch
    {
        0 => 0,
        <= 3 => 4,
        <= 6 => 8,
        <= 9 => 16,
        <= 12 => 32,
        _ => 64,
    };

    public override int Read(Span<byte> buffer)
    {
        if (buffer.IsEmpty)
            return 0;
        while (_window.Unread == _window.End && _stage != Stage.End)
        {
            switch (_stage)
            {
                case Stage.Stream:
                    BeginStream();
                    break;
                case Stage.Block:
                    BeginBlock();
                    break;
                default:
                    Chunk();
                    break;
            }
        }

        var read = _window.Take(buffer.Length);
        read.CopyTo(buffer);
        return read.Length;
    }

    /// <summary>The size of a dictionary that a header asks for.</summary>
    /// <exception cref="ArchiveException">It is absurd.</exception>
    public static int Allowed(long dictionary) => dictionary <= DictionaryLimit
        ? (int)Math.Max(dictionary, 4096)
        : throw new ArchiveException($"it wants a dictionary of more than {DictionaryLimit >> 20} MiB to be decoded");

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _input.Dispose();
            _window.Dispose();
            _decoder.Dispose();
            _sha256.Dispose();
            _index.Dispose();
        }

        base.Dispose(disposing);
    }

    private static ArchiveException Damaged(string what) => new($"its xz stream is damaged ({what})");

    private void Need(int count)
    {
        if (!_input.Has(count))
            throw new ArchiveException("its xz stream is cut short");
    }

    private ReadOnlySpan<byte> Used(int count)
    {
        Need(count);
        return _input.Use(count);
    }

    private void BeginStream()
    {
        Need(HeaderLength);
        var header = _input.Use(HeaderLength);
        if (!header.StartsWith(Magic))
            throw Damaged("it does not begin as one");
        if (Crc.Bits32.Of(header.Slice(6, 2)) != BinaryPrimitives.ReadUInt32LittleEndian(header[8..]))
            throw Damaged("its header does not fit its check");
        _flags = BinaryPrimitives.ReadUInt16LittleEndian(header[6..]);
        if ((_flags & 0xF0FF) != 0)
            throw Damaged("it has flags that mean nothing");
        _blocks = 0;
        _stage = Stage.Block;
    }

    private void BeginBlock()
    {
        Need(1);
        if (*_input.Next == 0)
        {
            EndStream();
            return;
        }

        _blockBegan = _input.Used;
        var size = (*_input.Next + 1) * 4;
        Need(size);
        var header = _input.Use(size);
        if (Crc.Bits32.Of(header[..^4]) != BinaryPrimitives.ReadUInt32LittleEndian(header[^4..]))
            throw Damaged("a block's header does not fit its check");
        var flags = header[1];
        if ((flags & 0x3C) != 0)
            throw Damaged("a block has flags that mean nothing");
        if ((flags & 3) != 0)
            throw new ArchiveException("its xz stream uses filters that packages do not have (more than LZMA2)");
        var at = 2;
        _compressedLength = (flags & 0x40) != 0 ? Number(header[..^4], ref at) : null;
        _length = (flags & 0x80) != 0 ? Number(header[..^4], ref at) : null;
        if (_compressedLength == 0)
            throw Damaged("a block is said to be empty");
        if (Number(header[..^4], ref at) != Lzma2)
            throw new ArchiveException("its xz stream uses filters that packages do not have (another than LZMA2)");
        if (at + 2 > size - 4 || header[at] != 1 || header[at + 1] > 40)
            throw Damaged("a filter has properties that mean nothing");
        _dictionary = Allowed(header[at + 1] == 40 ? uint.MaxValue : (2L | (header[at + 1] & 1)) << ((header[at + 1] / 2) + 11));
        if (header[(at + 2)..^4].ContainsAnyExcept((byte)0))
            throw Damaged("a block's padding is not empty");
        _blockHeader = _input.Used;
        (_needsReset, _needsProperties) = (true, true);
        (_made, _crc) = (0, 0);
        _stage = Stage.Chunk;
    }

    /// <summary>A chunk of LZMA2, whose first byte tells what it is (Lzma2Dec.c of the LZMA SDK describes them; the format's own text leaves it at the name).</summary>
    private void Chunk()
    {
        Need(1);
        var control = *_input.Next;
        if (control == 0)
        {
            _input.Use(1);
            EndBlock();
            return;
        }

        if (control is 1 or >= 0xE0)
        {
            _window.Reset(_dictionary);
            _needsProperties = true;
            _needsReset = false;
        }

        if (_needsReset)
            throw Damaged("a block begins without its dictionary");
        var begin = control < 0x80 ? Stored(control) : Compressed(control);
        var made = new ReadOnlySpan<byte>(_window.Bytes + begin, _window.End - begin);
        _made += made.Length;
        switch (Check)
        {
            case 1:
                _crc = Crc.Bits32.Of(made, _crc);
                break;
            case 4:
                _crc = Crc.Bits64.Of(made, _crc);
                break;
            case 10:
                _sha256.AppendData(made);
                break;
        }
    }

    /// <summary>Gives where in the window it begins.</summary>
    private int Stored(int control)
    {
        if (control > 2)
            throw Damaged("a chunk of no known kind");
        var size = BinaryPrimitives.ReadUInt16BigEndian(Used(3)[1..]) + 1;
        Need(size);
        _window.Reserve(size);
        var begin = _window.End;
        _input.Use(size).CopyTo(new Span<byte>(_window.Bytes + begin, size));
        _window.Advance(size);
        return begin;
    }

    private int Compressed(int control)
    {
        var withProperties = control >= 0xC0;
        var header = Used(withProperties ? ChunkHeaderLength : ChunkHeaderLength - 1);
        var made = ((control & 0x1F) << 16) + BinaryPrimitives.ReadUInt16BigEndian(header[1..]) + 1;
        var size = BinaryPrimitives.ReadUInt16BigEndian(header[3..]) + 1;
        if (withProperties)
        {
            if (!_decoder.SetProperties(header[5], most: 4))
                throw Damaged("a chunk has properties that mean nothing");
            _needsProperties = false;
        }
        else if (_needsProperties)
        {
            throw Damaged("a chunk without properties");
        }
        else if (control >= 0xA0)
        {
            _decoder.ResetState();
        }

        Need(size);
        _window.Reserve(made);
        var begin = _window.End;
        var next = _input.Next;
        var end = next + size;
        if (size < LzmaDecoder.Prologue || !_decoder.Begin(next))
            throw Damaged("a chunk does not begin as one");
        next += LzmaDecoder.Prologue;
        // The last symbols may need no input of their own.
        if (_decoder.Decode(_window, begin + made, ref next, end + 1) != LzmaDecoder.Outcome.More || !_decoder.End(ref next) || next != end || _window.End != begin + made)
            throw Damaged("a chunk is not what its header says");
        _input.Use(size);
        return begin;
    }

    private void EndBlock()
    {
        var packed = _input.Used - _blockHeader;
        if (_length is { } length && length != _made)
            throw Damaged("a block is longer or shorter than its header says");
        if (_compressedLength is { } compressed && compressed != packed)
            throw Damaged("a block's compressed data is longer or shorter than its header says");
        if (Used((int)(-packed & 3)).ContainsAnyExcept((byte)0))
            throw Damaged("a block's padding is not empty");
        var check = Used(CheckLength);
        var fits = Check switch
        {
            1 => BinaryPrimitives.ReadUInt32LittleEndian(check) == _crc,
            4 => BinaryPrimitives.ReadUInt64LittleEndian(check) == _crc,
            10 => check.SequenceEqual(_sha256.GetHashAndReset()),
            // Kinds that the format reserves are passed over, as its section 3.4 allows.
            _ => true,
        };
        if (!fits)
            throw Damaged("a block's contents do not fit its check");
        Count(_index, _blockHeader - _blockBegan + packed + CheckLength, _made);
        _blocks++;
        _stage = Stage.Block;
    }

    /// <summary>The index names the sizes of every block again; then the end of this stream, and perhaps another one.</summary>
    private void EndStream()
    {
        var began = _input.Used;
        _input.Use(1);
        var crc = Crc.Bits32.Of([0]);
        var records = IndexNumber(ref crc);
        if (records != _blocks)
            throw Damaged("its index has another number of blocks");
        using var named = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (var at = 0L; at < records; at++)
        {
            var packed = IndexNumber(ref crc);
            Count(named, packed, IndexNumber(ref crc));
        }

        if (!named.GetHashAndReset().AsSpan().SequenceEqual(_index.GetHashAndReset()))
            throw Damaged("its index does not fit its blocks");
        var padding = Used((int)(-(_input.Used - began) & 3));
        if (padding.ContainsAnyExcept((byte)0))
            throw Damaged("its index's padding is not empty");
        crc = Crc.Bits32.Of(padding, crc);
        if (BinaryPrimitives.ReadUInt32LittleEndian(Used(4)) != crc)
            throw Damaged("its index does not fit its check");
        var length = _input.Used - began;
        var footer = Used(HeaderLength);
        if (footer[10] != 'Y' || footer[11] != 'Z' || Crc.Bits32.Of(footer.Slice(4, 6)) != BinaryPrimitives.ReadUInt32LittleEndian(footer)
            || (BinaryPrimitives.ReadUInt32LittleEndian(footer[4..]) + 1L) * 4 != length || BinaryPrimitives.ReadUInt16LittleEndian(footer[8..]) != _flags)
            throw Damaged("it does not end as one");
        // Streams may follow each other, with zeros between them in fours (section 2.2).
        while (_input.Has(4) && BinaryPrimitives.ReadUInt32LittleEndian(new ReadOnlySpan<byte>(_input.Next, 4)) == 0)
            _input.Use(4);
        _stage = _input.Available > 0 ? Stage.Stream : Stage.End;
    }

    private static void Count(IncrementalHash hash, long packed, long length)
    {
        Span<byte> record = stackalloc byte[16];
        BinaryPrimitives.WriteInt64LittleEndian(record, packed);
        BinaryPrimitives.WriteInt64LittleEndian(record[8..], length);
        hash.AppendData(record);
    }

    private long IndexNumber(ref ulong crc)
    {
        const int Longest = 9;
        var value = 0L;
        for (var at = 0; at < Longest; at++)
        {
            var one = Used(1);
            crc = Crc.Bits32.Of(one, crc);
            value |= (long)(one[0] & 0x7F) << (7 * at);
            if (one[0] < 0x80)
                return value;
        }

        throw Damaged("a number of its index is too long");
    }

    /// <summary>Seven bits a byte, the lowest first (section 1.2).</summary>
    private static long Number(ReadOnlySpan<byte> bytes, ref int at)
    {
        var value = 0L;
        for (var shift = 0; shift < 63 && at < bytes.Length; shift += 7)
        {
            var one = bytes[at++];
            value |= (long)(one & 0x7F) << shift;
            if (one < 0x80)
                return value;
        }

        throw Damaged("a number of a block's header is too long");
    }
}
