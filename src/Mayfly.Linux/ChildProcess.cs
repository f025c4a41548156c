using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Mayfly.Linux;

/// <summary>
/// A program started with posix_spawn(3) from the calling thread.
/// </summary>
/// <remarks>
/// Beside <see cref="System.Diagnostics.Process"/> because that can hand a child no further descriptors than the three
/// standard ones, which conmon's protocol needs, and reads or inherits those as a whole. The child starts with no signal
/// blocked or ignored (.NET itself ignores SIGPIPE, and exec would pass that on).
/// </remarks>
public sealed unsafe partial class ChildProcess
{
    private const int Interrupted = 4;

    // glibc has had it since 2.34, musl has not.
    private static readonly Lazy<nint> CloseFrom = new(() =>
        NativeLibrary.TryLoad("libc.so.6", out var library) && NativeLibrary.TryGetExport(library, "posix_spawn_file_actions_addclosefrom_np", out var address) ? address : 0);

    private ChildProcess(int id) => Id = id;

    public int Id { get; }

    /// <summary>Starts a program with exactly these descriptors.</summary>
    /// <param name="arguments">The argument vector; the first is the program's absolute path.</param>
    /// <param name="environment">The whole environment.</param>
    /// <param name="descriptors">What the child sees as 0, 1, 2 and so on.</param>
    /// <param name="newSession">The child leads a session of its own, without a controlling terminal.</param>
    public static ChildProcess Start(IReadOnlyList<string> arguments, IReadOnlyDictionary<string, string> environment,
        IReadOnlyList<SafeHandle> descriptors, bool newSession = false)
    {
        const int SetSignalDefaults = 4, SetSignalMask = 8, SetSession = 0x80;
        // Larger than the C library's own on every architecture: their sizes are no part of what it promises.
        byte* actions = stackalloc byte[512], attributes = stackalloc byte[1024], signals = stackalloc byte[128];
        nint[] argv = [.. arguments.Select(Marshal.StringToCoTaskMemUTF8), 0];
        nint[] envp = [.. environment.Select(e => Marshal.StringToCoTaskMemUTF8($"{e.Key}={e.Value}")), 0];
        Check(posix_spawn_file_actions_init(actions), "posix_spawn_file_actions_init", arguments[0]);
        Check(posix_spawnattr_init(attributes), "posix_spawnattr_init", arguments[0]);
        try
        {
            // A source below the number of descriptors could be overwritten before it is copied: they go out of the way first,
            // above every one of them, where no source is.
            var sources = descriptors.Select(d => (int)d.DangerousGetHandle()).ToArray();
            var aside = sources.Append(sources.Length).Max() + 1;
            for (var n = 0; n < sources.Length; n++)
                Check(posix_spawn_file_actions_adddup2(actions, sources[n], aside + n), "posix_spawn_file_actions_adddup2", arguments[0]);
            for (var n = 0; n < sources.Length; n++)
            {
                Check(posix_spawn_file_actions_adddup2(actions, aside + n, n), "posix_spawn_file_actions_adddup2", arguments[0]);
                Check(posix_spawn_file_actions_addclose(actions, aside + n), "posix_spawn_file_actions_addclose", arguments[0]);
            }

            // Whatever else was opened without close-on-exec, by libraries or by who started us, must not live on in a child.
            if (CloseFrom.Value is var closeFrom and not 0)
                Check(((delegate* unmanaged<byte*, int, int>)closeFrom)(actions, sources.Length), "posix_spawn_file_actions_addclosefrom_np", arguments[0]);
            new Span<byte>(signals, 128).Clear();
            Check(posix_spawnattr_setsigmask(attributes, signals), "posix_spawnattr_setsigmask", arguments[0]);
            sigfillset(signals);
            Check(posix_spawnattr_setsigdefault(attributes, signals), "posix_spawnattr_setsigdefault", arguments[0]);
            Check(posix_spawnattr_setflags(attributes, (short)(SetSignalDefaults | SetSignalMask | (newSession ? SetSession : 0))), "posix_spawnattr_setflags", arguments[0]);
            int id;
            fixed (nint* argvPointer = argv, envpPointer = envp)
                Check(posix_spawn(&id, argv[0], actions, attributes, argvPointer, envpPointer), "posix_spawn", arguments[0]);
            GC.KeepAlive(descriptors);
            return new ChildProcess(id);
        }
        finally
        {
            posix_spawn_file_actions_destroy(actions);
            posix_spawnattr_destroy(attributes);
            foreach (var text in argv.Concat(envp))
                Marshal.FreeCoTaskMem(text);
        }
    }

    /// <summary>Waits for its end: the exit code, or 128 + n after signal n.</summary>
    public int Wait()
    {
        int status;
        while (waitpid(Id, &status, 0) < 0)
        {
            if (Marshal.GetLastPInvokeError() != Interrupted)
                throw LinuxException.Last("waitpid", $"process {Id}");
        }

        return (status & 0x7f) == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f);
    }

    /// <summary>A pipe; both ends are closed in every child that is not given them.</summary>
    public static (SafeFileHandle Read, SafeFileHandle Write) Pipe()
    {
        const int CloseOnExec = 0x80000;
        var ends = stackalloc int[2];
        if (pipe2(ends, CloseOnExec) != 0)
            throw LinuxException.Last("pipe2", "pipe");
        return (new SafeFileHandle(ends[0], ownsHandle: true), new SafeFileHandle(ends[1], ownsHandle: true));
    }

    private static void Check(int error, string call, string subject)
    {
        if (error != 0)
            throw new LinuxException(call, subject, error);
    }

    [LibraryImport("libc")]
    private static partial int posix_spawn(int* id, nint path, byte* actions, byte* attributes, nint* arguments, nint* environment);

    [LibraryImport("libc")]
    private static partial int posix_spawn_file_actions_init(byte* actions);

    [LibraryImport("libc")]
    private static partial int posix_spawn_file_actions_destroy(byte* actions);

    [LibraryImport("libc")]
    private static partial int posix_spawn_file_actions_adddup2(byte* actions, int from, int to);

    [LibraryImport("libc")]
    private static partial int posix_spawn_file_actions_addclose(byte* actions, int descriptor);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_init(byte* attributes);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_destroy(byte* attributes);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_setflags(byte* attributes, short flags);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_setsigmask(byte* attributes, byte* signals);

    [LibraryImport("libc")]
    private static partial int posix_spawnattr_setsigdefault(byte* attributes, byte* signals);

    [LibraryImport("libc")]
    private static partial int sigfillset(byte* signals);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int waitpid(int id, int* status, int options);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int pipe2(int* ends, int flags);
}
