using System.Runtime.InteropServices;

namespace Mayfly.Packages.Archives.Xz;

/// <summary>Compressed bytes on their way to a decoder: so many as it asks for, side by side in memory that stays where it is.</summary>
internal sealed unsafe class LzmaInput(Stream compressed) : IDisposable
{
    private const int Capacity = 256 * 1024;

    private byte* _bytes = (byte*)NativeMemory.AllocZeroed(Capacity + LzmaDecoder.LongestSymbol + 1);
    private int _next;
    private int _end;

    ~LzmaInput() => Release();

    /// <summary>The next byte. Bytes of a symbol's length beyond the last one can be read, and mean nothing.</summary>
    public byte* Next => _bytes + _next;

    /// <summary>Bytes that are here.</summary>
    public int Available => _end - _next;

    /// <summary>Bytes that were used, since the beginning.</summary>
    public long Used { get; private set; }

    /// <summary>Gets so many bytes. False when the input ends before.</summary>
    /// <param name="count">At most what one chunk of LZMA2 has.</param>
    public bool Has(int count)
    {
        ObjectDisposedException.ThrowIf(_bytes is null, this);
        if (Available >= count)
            return true;
        if (_next + count > Capacity)
        {
            Buffer.MemoryCopy(Next, _bytes, Capacity, Available);
            (_next, _end) = (0, Available);
        }

        while (Available < count)
        {
            if (compressed.Read(new Span<byte>(_bytes + _end, Capacity - _end)) is not (> 0 and var read))
                return false;
            _end += read;
        }

        return true;
    }

    /// <summary>Uses so many of the bytes that are here.</summary>
    public ReadOnlySpan<byte> Use(int count)
    {
        var used = new ReadOnlySpan<byte>(Next, count);
        _next += count;
        Used += count;
        return used;
    }

    public void Dispose()
    {
        Release();
        compressed.Dispose();
        GC.SuppressFinalize(this);
    }

    private void Release()
    {
        NativeMemory.Free(_bytes);
        _bytes = null;
        _next = _end = 0;
    }
}
