using System.Buffers.Binary;

namespace Mayfly.Packages.Archives;

/// <summary>
/// Passes an .xz file on to a decoder that has no limit of its own, and refuses it before the decoder sees a header that asks for more
/// memory than <see cref="XzStream.MemoryLimit"/>, with liblzma's words.
/// </summary>
/// <remarks>
/// It keeps where in the container it is (The .xz File Format 1.2.1, with LZMA2's chunks as XZ Embedded documents them), not what is in it: it
/// counts bytes from header to header. What it does not understand it leaves to the decoder, which refuses it.
/// </remarks>
internal sealed class XzMemory(Stream compressed) : ForwardStream
{
    private const int StreamHeader = 12, Lzma2 = 0x21;

    /// <summary>Sizes of a block's check, by the number in the stream's header.</summary>
    private static readonly int[] CheckSizes = [0, 4, 4, 4, 8, 8, 8, 16, 16, 16, 32, 32, 32, 64, 64, 64];

    private readonly byte[] _header = new byte[1024];
    private State _state = State.Stream;
    private int _filled;
    private long _position;
    private long _skip;
    private long _block;
    private int _check;

    private enum State
    {
        /// <summary>A stream's header, or the padding before it.</summary>
        Stream,

        /// <summary>A block's header, or the index after the last block.</summary>
        Block,

        /// <summary>The head of a chunk.</summary>
        Chunk,

        /// <summary>Nothing that follows is looked at.</summary>
        Rest,
    }

    /// <summary>The decoder counts from it how long padding is.</summary>
    public override long Position
    {
        get => _position;
        set => base.Position = value;
    }

    public override int Read(Span<byte> buffer)
    {
        var read = compressed.Read(buffer);
        _position += read;
        Follow(buffer[..read]);
        return read;
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            compressed.Dispose();
        base.Dispose(disposing);
    }

    private void Follow(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty && _state != State.Rest)
        {
            if (_skip > 0)
            {
                var skipped = (int)Math.Min(_skip, bytes.Length);
                _skip -= skipped;
                bytes = bytes[skipped..];
                continue;
            }

            _header[_filled++] = bytes[0];
            bytes = bytes[1..];
            if (_filled == Needed())
            {
                Take();
                _filled = 0;
            }
        }
    }

    /// <summary>How long the header at hand is, as far as is known from what there is of it.</summary>
    private int Needed() => _state switch
    {
        State.Stream => StreamHeader,
        State.Block => _header[0] == 0 ? 1 : (_header[0] + 1) * 4,
        // An end, a stored chunk with its size, a packed one with both sizes, the second of which counts, and perhaps new properties.
        _ => _header[0] switch { 0 => 1, < 0x80 => 3, < 0xC0 => 5, _ => 6 },
    };

    private void Take()
    {
        switch (_state)
        {
            case State.Stream:
                _check = CheckSizes[_header[7] & 15];
                _state = State.Block;
                break;
            case State.Block when _header[0] == 0:
                // Debian's packages are one stream; the decoder reads no second one.
                _state = State.Rest;
                break;
            case State.Block:
                CheckFilters(_header.AsSpan(0, _filled - 4));
                _block = 0;
                _state = State.Chunk;
                break;
            case State.Chunk when _header[0] == 0:
                _skip = ((4 - ((_block + 1) % 4)) % 4) + _check;
                _state = State.Block;
                break;
            case State.Chunk:
                _skip = 1 + (_header[0] < 0x80 ? BinaryPrimitives.ReadUInt16BigEndian(_header.AsSpan(1)) : BinaryPrimitives.ReadUInt16BigEndian(_header.AsSpan(3)));
                _block += _filled + _skip;
                break;
        }
    }

    private void CheckFilters(ReadOnlySpan<byte> header)
    {
        var flags = header[1];
        var at = 2;
        for (var sizes = flags >> 6; sizes > 0; sizes &= sizes - 1)
            Number(header);
        for (var left = (flags & 3) + 1; left > 0; left--)
        {
            var (filter, size) = (Number(header), Number(header));
            if (size > (ulong)(header.Length - at))
                throw Damaged();
            // 5.3.1 of the format: 2 or 3 times a power of two. The decoder needs a little besides.
            if (filter == Lzma2 && size == 1 && header[at] is var bits && (bits > 40 || (bits == 40 ? uint.MaxValue : (ulong)(2 | (bits & 1)) << ((bits / 2) + 11)) >= XzStream.MemoryLimit))
                throw new ArchiveException(XzStream.WantsTooMuch);
            at += (int)size;
        }

        ulong Number(ReadOnlySpan<byte> header)
        {
            var number = 0UL;
            for (var shift = 0; shift < 63; shift += 7)
            {
                if (at >= header.Length)
                    throw Damaged();
                var part = header[at++];
                number |= (ulong)(part & 0x7F) << shift;
                if (part < 0x80)
                    return number;
            }

            throw Damaged();
        }
    }

    private static ArchiveException Damaged() => new("its xz stream is damaged (a block's header)");
}
