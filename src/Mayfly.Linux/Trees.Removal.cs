using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Mayfly.Linux;

public static unsafe partial class Trees
{
    /// <summary>
    /// Removes a name and all below it, however deep, and also folders of the caller's that he may not read, but nothing that is mounted there; no error when it is not there, or when somebody else removes it at the same time.
    /// </summary>
    /// <exception cref="LinuxException">Something cannot be removed; all that can be is removed all the same.</exception>
    public static void Remove(string path) => new Removal(path).Run();

    /// <summary>One removal. A folder that is deeper than a few dozen others is moved into the outermost one and has its turn there: so neither open files nor the stack bound how deep a tree may be, nor does PATH_MAX.</summary>
    private sealed class Removal(string path)
    {
        private const int NoEntry = 2, AccessDenied = 13, Busy = 16, NotDirectory = 20, IsDirectory = 21;

        /// <summary>Folders that are open at once.</summary>
        private const int Deepest = 64;

        /// <summary>Nobody else has such names.</summary>
        private readonly string _aside = $".{Guid.NewGuid():n}-";

        private int _moved;

        private LinuxException? _refusal;

        public void Run()
        {
            var name = Name(path);
            if (!IsUnlinked(AtCurrent, name) && Open(AtCurrent, name) is { } outermost)
            {
                using (outermost)
                {
                    int before;
                    do
                    {
                        before = _moved;
                        // Opened anew, since a folder that was listed to its end stays there.
                        if (Open((int)outermost.DangerousGetHandle(), Name(".")) is { } listed)
                        {
                            using (listed)
                                Empty(listed, outermost, 1);
                        }
                    }
                    while (_moved > before);
                }

                RemoveFolder(AtCurrent, name);
            }

            if (_refusal is not null)
                throw _refusal;
        }

        private void Empty(SafeFileHandle folder, SafeFileHandle outermost, int depth)
        {
            List<byte[]> names;
            try
            {
                names = Names(folder, path);
            }
            catch (LinuxException e) when (e.Errno == NoEntry)
            {
                // Removed meanwhile: one that is open still cannot be listed any more.
                return;
            }

            foreach (var name in names)
                RemoveName(folder, name, outermost, depth);
        }

        private void RemoveName(SafeFileHandle folder, byte[] name, SafeFileHandle outermost, int depth)
        {
            var parent = (int)folder.DangerousGetHandle();
            if (IsUnlinked(parent, name) || Open(parent, name) is not { } inner)
                return;
            using (inner)
            {
                if (depth == Deepest)
                {
                    fixed (byte* from = name, to = Name($"{_aside}{_moved}"))
                    {
                        if (renameat(parent, from, (int)outermost.DangerousGetHandle(), to) == 0)
                            _moved++;
                        else
                            Refused("rename");
                    }

                    return;
                }

                Empty(inner, outermost, depth + 1);
            }

            RemoveFolder(parent, name);
        }

        /// <summary>What is mounted in the tree is not of the tree.</summary>
        private static bool IsMountedHere(SafeFileHandle folder)
        {
            const int EmptyPath = 0x1000;
            Statx found;
            byte nothing = 0;
            return statx((int)folder.DangerousGetHandle(), &nothing, EmptyPath, Statx.Basic, &found) == 0 && (found.Attributes & Statx.MountRoot) != 0;
        }

        /// <summary>False for a folder.</summary>
        private bool IsUnlinked(int folder, byte[] name)
        {
            fixed (byte* start = name)
            {
                if (unlinkat(folder, start, 0) == 0)
                    return true;
            }

            var errno = Marshal.GetLastPInvokeError();
            // Who may not remove it is told that first, and not what it is.
            if (errno == IsDirectory || (errno == AccessDenied && IsFolder(folder, name)))
                return false;
            if (errno is not (NoEntry or NotDirectory))
                _refusal ??= new LinuxException("unlink", path, errno);
            return true;
        }

        private static bool IsFolder(int folder, byte[] name)
        {
            Statx found;
            fixed (byte* start = name)
                return statx(folder, start, NoFollowFlag, Statx.Basic, &found) == 0 && (found.Mode & 0xf000) == 0x4000;
        }

        private void RemoveFolder(int folder, byte[] name)
        {
            const int RemoveDirectory = 0x200;
            fixed (byte* start = name)
            {
                if (unlinkat(folder, start, RemoveDirectory) != 0)
                    Refused("rmdir");
            }
        }

        /// <summary>A folder that its owner may read and write from now on; null where there is none, or none that can be opened.</summary>
        private SafeFileHandle? Open(int folder, byte[] name)
        {
            const uint Owner = 0b111_000_000;
            try
            {
                SafeFileHandle opened;
                try
                {
                    opened = OpenFolder(folder, name, path);
                }
                catch (LinuxException e) when (e.Errno == AccessDenied)
                {
                    // chmod(2) would follow a link that is put there meanwhile; what is opened for its name alone is what it is.
                    using var named = OpenName(folder, name);
                    if (IsMountedHere(named))
                        throw new LinuxException("rmdir", path, Busy);
                    fixed (byte* itself = Encoding.ASCII.GetBytes($"/proc/self/fd/{named.DangerousGetHandle()}\0"))
                    {
                        if (chmod(itself, Owner) != 0)
                            throw LinuxException.Last("chmod", path);
                    }

                    return OpenFolder(folder, name, path);
                }

                if (IsMountedHere(opened))
                {
                    opened.Dispose();
                    throw new LinuxException("rmdir", path, Busy);
                }

                // Who may do anything needs no permission; and nobody can give himself one to another's folder.
                if (Inheritance.EffectiveUser != 0)
                    _ = fchmod(opened, Owner);
                return opened;
            }
            catch (LinuxException e)
            {
                if (e.Errno is not (NoEntry or NotDirectory))
                    _refusal ??= e;
                return null;
            }
        }

        /// <summary>The first one is told; there is none when somebody else was faster.</summary>
        private void Refused(string call)
        {
            if (Marshal.GetLastPInvokeError() != NoEntry)
                _refusal ??= LinuxException.Last(call, path);
        }

        private SafeFileHandle OpenName(int folder, byte[] name)
        {
            const int PathOnly = 0x200000, CloseOnExec = 0x80000;
            fixed (byte* start = name)
                return Handle(openat(folder, start, PathOnly | CloseOnExec | NoFollow, 0), path);
        }
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int unlinkat(int folder, byte* path, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int renameat(int oldFolder, byte* oldPath, int newFolder, byte* newPath);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int chmod(byte* path, uint mode);
}
