using System.Buffers;
using System.IO.Hashing;
using Mayfly.Linux;
using Microsoft.Win32.SafeHandles;

namespace Mayfly.Packages.Python;

/// <summary>Reads files of a wheel in the store, best in the order that they have there: short ones are read many at once.</summary>
public sealed class WheelReader : IDisposable
{
    private const int Window = 1 << 18;

    private readonly UnpackedWheel _wheel;
    private readonly SafeFileHandle _pack;
    private readonly byte[] _window = ArrayPool<byte>.Shared.Rent(Window);
    private long _start;
    private int _length;
    private bool _shares = true;
    private SharedFiles? _shared;

    internal WheelReader(UnpackedWheel wheel, SafeFileHandle pack) => (_wheel, _pack) = (wheel, pack);

    /// <summary>Its bytes.</summary>
    /// <exception cref="MayflyException">They are not what they were; the wheel is taken out of the store.</exception>
    public byte[] Read(PackedFile file)
    {
        var bytes = new byte[file.Size];
        var done = 0;
        Each(file, part =>
        {
            part.CopyTo(bytes.AsSpan(done));
            done += part.Length;
        });
        return bytes;
    }

    /// <summary>True when its first bytes are these. They are not compared with anything.</summary>
    public bool BeginsWith(PackedFile file, ReadOnlySpan<byte> bytes) => file.Size >= bytes.Length && Bytes(file.Offset, bytes.Length).SequenceEqual(bytes);

    /// <summary>Makes an empty file have its bytes: long ones by sharing blocks where the file system can, all others by copying.</summary>
    /// <param name="file">One of the wheel's.</param>
    /// <param name="target">The empty file.</param>
    /// <param name="path">The empty file's path, for errors.</param>
    /// <exception cref="MayflyException">They are not what they were; the wheel is taken out of the store.</exception>
    public void CopyTo(PackedFile file, SafeFileHandle target, string path)
    {
        if (file.Size >= WheelPack.Shared && _shares && (_shares = FileHandles.TryShare(_pack, file.Offset, file.Size, target, path)))
            return;
        Each(file, part => FileHandles.Write(target, part, path));
    }

    /// <summary>Gives a file of the store that has its bytes one more name; false where there can be none, since its wheel names it by another digest.</summary>
    /// <param name="file">One of the wheel's.</param>
    /// <param name="runs">True when it runs.</param>
    /// <param name="folders">Where the name is made.</param>
    /// <param name="path">The name, in them.</param>
    /// <param name="progress">Told of one that somebody has changed.</param>
    /// <exception cref="MayflyException">It cannot be linked there, or the wheel is not what it was.</exception>
    public bool TryLink(PackedFile file, bool runs, FolderChain folders, string path, IProgress<Activity>? progress)
    {
        if (!SharedFiles.MayBe(file))
            return false;
        (_shared ??= _wheel.Shared()).Link(file, runs, this, folders, path, progress);
        return true;
    }

    public void Dispose()
    {
        if (_pack.IsClosed)
            return;
        _shared?.Dispose();
        _pack.Dispose();
        ArrayPool<byte>.Shared.Return(_window);
    }

    private void Each(PackedFile file, Action<ReadOnlySpan<byte>> use)
    {
        // One that is read as a whole is compared before it is used.
        if (file.Size <= Window)
        {
            var bytes = Bytes(file.Offset, (int)file.Size);
            if (XxHash3.HashToUInt64(bytes) != file.Checksum)
                throw _wheel.Damaged();
            if (bytes.Length > 0)
                use(bytes);
            return;
        }

        var checksum = new XxHash3();
        for (long done = 0; done < file.Size;)
        {
            var part = Bytes(file.Offset + done, (int)Math.Min(Window, file.Size - done));
            checksum.Append(part);
            use(part);
            done += part.Length;
        }

        if (checksum.GetCurrentHashAsUInt64() != file.Checksum)
            throw _wheel.Damaged();
    }

    private ReadOnlySpan<byte> Bytes(long offset, int length)
    {
        if (offset < _start || offset + length > _start + _length)
        {
            (_start, _length) = (offset, 0);
            for (int read; _length < length; _length += read)
            {
                if ((read = RandomAccess.Read(_pack, _window.AsSpan(_length), offset + _length)) <= 0)
                    throw _wheel.Damaged();
            }
        }

        return _window.AsSpan((int)(offset - _start), length);
    }
}
