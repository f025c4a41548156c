using System.Runtime.InteropServices;

namespace Mayfly.Linux;

/// <summary>
/// A terminal that hands on every key as it is typed, Ctrl-C too, and shows none of them by itself (termios(3)), until this is
/// disposed.
/// </summary>
/// <remarks>A shell that gets such a terminal back is of no use, so it is put right as well when the process exits or a signal is about to end it.</remarks>
internal sealed unsafe partial class RawMode : IDisposable
{
    private const int Now = 0;

    private readonly SafeHandle _terminal;
    private readonly byte[] _before;
    private readonly PosixSignalRegistration[] _endings;

    private RawMode(SafeHandle terminal, byte[] before)
    {
        (_terminal, _before) = (terminal, before);
        AppDomain.CurrentDomain.ProcessExit += Restore;
        _endings = [.. ((PosixSignal[])[PosixSignal.SIGHUP, PosixSignal.SIGINT, PosixSignal.SIGQUIT, PosixSignal.SIGTERM])
            .Select(signal => PosixSignalRegistration.Create(signal, _ => Restore()))];
    }

    /// <summary>Null when the descriptor is no terminal.</summary>
    public static RawMode? Enter(SafeHandle descriptor)
    {
        // Longer than any C library's struct termios.
        var settings = new byte[256];
        fixed (byte* start = settings)
        {
            if (tcgetattr(descriptor, start) != 0)
                return null;
            var raw = new RawMode(descriptor, [.. settings]);
            cfmakeraw(start);
            // What has been typed ahead stays, and is the command's.
            if (tcsetattr(descriptor, Now, start) == 0)
                return raw;
            var failure = LinuxException.Last("tcsetattr", "terminal");
            raw.Dispose();
            throw failure;
        }
    }

    public void Dispose()
    {
        Restore();
        AppDomain.CurrentDomain.ProcessExit -= Restore;
        foreach (var ending in _endings)
            ending.Dispose();
    }

    private void Restore(object? sender, EventArgs e) => Restore();

    // A terminal that has gone takes no settings, and needs none.
    private void Restore()
    {
        fixed (byte* settings = _before)
            _ = tcsetattr(_terminal, Now, settings);
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int tcgetattr(SafeHandle terminal, byte* settings);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int tcsetattr(SafeHandle terminal, int when, byte* settings);

    [LibraryImport("libc")]
    private static partial void cfmakeraw(byte* settings);
}
