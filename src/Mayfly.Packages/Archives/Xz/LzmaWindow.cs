using System.Runtime.InteropServices;

namespace Mayfly.Packages.Archives.Xz;

/// <summary>
/// The last bytes that were decoded, which later ones may repeat, and those that nobody has read yet.
/// </summary>
/// <remarks>
/// One block of memory outside the garbage collector's reach, filled from front to back, so that a match is one copy and never wraps around.
/// When it is full the bytes that may still be repeated move to the front. It grows with what is decoded: a small package needs little, whatever its header says.
/// </remarks>
internal sealed unsafe class LzmaWindow : IDisposable
{
    /// <summary>What may be written beyond <see cref="Capacity"/>: the longest match, and copies in whole vectors.</summary>
    public const int Slack = 512;

    private const int FirstCapacity = 1 << 20;

    private byte* _bytes;
    private int _start;

    /// <summary>The first byte.</summary>
    public byte* Bytes => _bytes;

    /// <summary>Bytes that fit before <see cref="Slack"/>.</summary>
    public int Capacity { get; private set; }

    /// <summary>Where the next byte goes.</summary>
    public int End { get; private set; }

    /// <summary>The first byte that nobody has read.</summary>
    public int Unread { get; private set; }

    /// <summary>How far back a match may reach at most.</summary>
    public int Dictionary { get; private set; }

    /// <summary>Bytes before <see cref="End"/> that are still there.</summary>
    public int History => End - _start;

    /// <summary>Bytes since the last reset, modulo 2^32.</summary>
    public uint Position { get; private set; }

    /// <summary>Forgets everything that was decoded; a match may now reach this far back.</summary>
    public void Reset(int dictionary)
    {
        Dictionary = dictionary;
        _start = End;
        Position = 0;
    }

    /// <summary>This many bytes were written at <see cref="End"/>.</summary>
    public void Advance(int count)
    {
        End += count;
        Position += (uint)count;
    }

    /// <summary>What nobody has read yet, at most so much of it; it then counts as read.</summary>
    public ReadOnlySpan<byte> Take(int most)
    {
        var taken = new ReadOnlySpan<byte>(_bytes + Unread, Math.Min(most, End - Unread));
        Unread += taken.Length;
        return taken;
    }

    /// <summary>Makes room for this many bytes more. Everything must have been read.</summary>
    public void Reserve(int count)
    {
        if (Capacity - End >= count)
            return;
        var kept = Math.Min(History, Dictionary);
        // So much more than the dictionary that each byte is moved twice at most.
        var most = Math.Max(FirstCapacity, Dictionary + (Dictionary / 2) + count);
        if (Capacity < most)
        {
            var capacity = (int)Math.Min(most, Math.Max(FirstCapacity, Math.Max(2L * Capacity, (long)kept + count)));
            var fresh = (byte*)NativeMemory.Alloc((nuint)capacity + Slack);
            if (kept > 0)
                Buffer.MemoryCopy(_bytes + End - kept, fresh, capacity, kept);
            NativeMemory.Free(_bytes);
            _bytes = fresh;
            Capacity = capacity;
        }
        else
        {
            Buffer.MemoryCopy(_bytes + End - kept, _bytes, Capacity, kept);
        }

        (_start, End, Unread) = (0, kept, kept);
    }

    public void Dispose()
    {
        NativeMemory.Free(_bytes);
        _bytes = null;
        Capacity = End = Unread = 0;
    }
}
