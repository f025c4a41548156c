using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Mayfly.Linux;

/// <summary>
/// Makes files below a folder, and the folders that they are in, one after the other. The way to the last file stays open, and the next name is looked up from where the two ways part: of files in the
/// order of their paths, the kernel looks up each folder once, and not each folder above each file. No link on the way is followed.
/// </summary>
public sealed unsafe partial class FolderChain : IDisposable
{
    private const int AtCurrent = -100, WriteOnly = 1, Create = 0x40, Exclusive = 0x80, CloseOnExec = 0x80000, PathOnly = 0x200000, FolderMode = 0b111_111_111, Exists = 17;

    private static readonly int Folder = RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 0x4000 | 0x8000 : 0x10000 | 0x20000;

    private readonly string _root;
    private readonly SafeFileHandle _base;

    /// <summary>The open folders, each with the length of its path from the root, the slash after it included.</summary>
    private readonly Stack<(SafeFileHandle Folder, int End)> _way = new();

    /// <summary>The path of the last file, in UTF-8; and room for the next.</summary>
    private byte[] _last = [], _next = [];

    private int _length;

    /// <param name="root">The folder, which is there.</param>
    public FolderChain(string root) => (_root, _base) = (root, FileHandles.OpenFolder(root));

    /// <summary>openat(2) for writing a file that must not exist yet.</summary>
    /// <param name="path">From the root, with slashes; without <c>.</c> and <c>..</c>.</param>
    /// <param name="mode">The process's mask is taken off it, and of folders too.</param>
    /// <exception cref="LinuxException">A call failed; also when something on the way is a link.</exception>
    public SafeFileHandle CreateFile(string path, int mode)
    {
        fixed (byte* name = &NameOf(path))
        {
            var descriptor = openat(Innermost, name, WriteOnly | Create | Exclusive | CloseOnExec, mode);
            return descriptor >= 0 ? new SafeFileHandle(descriptor, ownsHandle: true) : throw LinuxException.Last("create", $"{_root}/{path}");
        }
    }

    /// <summary>linkat(2): one more name for a file.</summary>
    /// <param name="existing">A name of it.</param>
    /// <param name="path">The new one, which must not exist yet: from the root, with slashes; without <c>.</c> and <c>..</c>.</param>
    /// <exception cref="LinuxException">A call failed; also when something on the way is a link.</exception>
    public void LinkFile(string existing, string path)
    {
        fixed (byte* from = Encoding.UTF8.GetBytes($"{existing}\0"), name = &NameOf(path))
        {
            if (linkat(AtCurrent, from, Innermost, name, 0) != 0)
                throw LinuxException.Last("link", $"{existing} -> {_root}/{path}");
        }
    }

    /// <summary>Enters the folder of a file, which is made when it is not there; the file's own name, with a zero behind it.</summary>
    private ref byte NameOf(string path)
    {
        if (_next.Length <= Encoding.UTF8.GetMaxByteCount(path.Length))
            _next = new byte[Encoding.UTF8.GetMaxByteCount(path.Length) + 1];
        var (bytes, length) = (_next, Encoding.UTF8.GetBytes(path, _next));
        bytes[length] = 0;
        var common = bytes.AsSpan(0, length).CommonPrefixLength(_last.AsSpan(0, _length));
        (_next, _last, _length) = (_last, bytes, length);
        while (_way.TryPeek(out var last) && last.End > common)
            _way.Pop().Folder.Dispose();
        fixed (byte* start = bytes)
        {
            var at = _way.TryPeek(out var inner) ? inner.End : 0;
            for (int slash; (slash = bytes.AsSpan(at, length - at).IndexOf((byte)'/')) >= 0; at += slash + 1)
            {
                bytes[at + slash] = 0;
                _way.Push((Enter(start + at, path), at + slash + 1));
                bytes[at + slash] = (byte)'/';
            }

            return ref bytes[at];
        }
    }

    public void Dispose()
    {
        while (_way.TryPop(out var folder))
            folder.Folder.Dispose();
        _base.Dispose();
    }

    private SafeFileHandle Innermost => _way.TryPeek(out var inner) ? inner.Folder : _base;

    private SafeFileHandle Enter(byte* name, string path)
    {
        if (mkdirat(Innermost, name, FolderMode) != 0 && Marshal.GetLastPInvokeError() != Exists)
            throw LinuxException.Last("mkdir", $"{_root}/{Path.GetDirectoryName(path)}");
        var descriptor = openat(Innermost, name, Folder | PathOnly | CloseOnExec, 0);
        return descriptor >= 0 ? new SafeFileHandle(descriptor, ownsHandle: true) : throw LinuxException.Last("open", $"{_root}/{Path.GetDirectoryName(path)}");
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int openat(SafeHandle folder, byte* path, int flags, int mode);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int linkat(int oldFolder, byte* oldPath, SafeHandle newFolder, byte* newPath, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int mkdirat(SafeHandle folder, byte* path, int mode);
}
