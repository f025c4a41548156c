using System.Buffers;
using System.Collections.Concurrent;
using System.IO.MemoryMappedFiles;
using System.Runtime.InteropServices;

namespace Mayfly.Packages.Debian;

/// <summary>
/// A file's bytes, mapped into memory until the process ends: what is not looked at is not read, and processes share what is. Only for files that
/// are replaced by renames and never written into, as the store's are: one that became shorter would end the process.
/// </summary>
/// <remarks>It is never unmapped, because a span that somebody still holds would not keep it from that.</remarks>
internal sealed unsafe class MappedFile : MemoryManager<byte>
{
    private static readonly ConcurrentBag<SafeBuffer> Kept = [];

    private readonly byte* _start;
    private readonly int _length;

    private MappedFile(FileStream file, int length)
    {
        using var mapping = MemoryMappedFile.CreateFromFile(file, null, length, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: false);
        var view = mapping.CreateViewAccessor(0, length, MemoryMappedFileAccess.Read).SafeMemoryMappedViewHandle;
        Kept.Add(view);
        view.AcquirePointer(ref _start);
        _length = length;
    }

    /// <summary>Null when the file is missing, or has fewer than <paramref name="least"/> bytes or more than a span can hold.</summary>
    public static ReadOnlyMemory<byte>? Open(string path, int least)
    {
        try
        {
            // Without a lock: a process that is being started may still hold that of whoever wrote it.
            using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            return file.Length >= least && file.Length <= int.MaxValue ? new MappedFile(file, (int)file.Length).Memory : null;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }

    public override Span<byte> GetSpan() => new(_start, _length);

    public override MemoryHandle Pin(int elementIndex = 0) => new(_start + elementIndex);

    public override void Unpin()
    {
    }

    protected override void Dispose(bool disposing)
    {
    }
}
