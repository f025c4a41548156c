using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Mayfly.Linux;

/// <summary>
/// The side of a pseudoterminal (pty(7)) that stands for the screen and the keyboard. Once it is disposed, the programs at the
/// other side have lost their terminal and get SIGHUP.
/// </summary>
public sealed unsafe partial class PseudoTerminal : IDisposable
{
    private const int TryAgain = -11;

    /// <summary>More than a pseudoterminal holds of what was written and not read (a few pages).</summary>
    private const int MostHeld = 64 * 1024;

    /// <summary>How often it is looked, in milliseconds, whether a command that has closed its terminal has opened it again.</summary>
    private const int Reopened = 50;

    private readonly SafeFileHandle _side;
    private readonly Lock _resizing = new();

    /// <param name="descriptor">The only one of this side: it no longer waits from now on.</param>
    internal PseudoTerminal(int descriptor)
    {
        const int GetFlags = 3, SetFlags = 4, NonBlocking = 0x800;
        _side = new SafeFileHandle(descriptor, ownsHandle: true);
        if (fcntl(_side, SetFlags, fcntl(_side, GetFlags, 0) | NonBlocking) < 0)
            throw LinuxException.Last("fcntl", "terminal");
    }

    /// <summary>
    /// Is the terminal that people have before them for a command: what is typed goes in, what it writes comes out, and it has the
    /// size that theirs has. Returns when the command has ended and all that it wrote is out, or when theirs is gone: then
    /// this is to be disposed.
    /// </summary>
    /// <param name="input">Where what is typed comes from. When it is a terminal, that is in raw mode meanwhile; when not, its end is typed as one (Ctrl-D).</param>
    /// <param name="output">Where what is shown goes.</param>
    /// <param name="ended">Can be read from, or reports its end, once the command has ended.</param>
    public void Relay(SafeHandle input, SafeHandle output, SafeHandle ended)
    {
        using var raw = RawMode.Enter(input);
        using var resized = PosixSignalRegistration.Create(PosixSignal.SIGWINCH, _ => Resize(input, output));
        // It may have changed since whoever started the command looked.
        Resize(input, output);
        var shown = new Portion();
        if (Converse(input, isTerminal: raw is not null, output, ended, shown))
            Finish(shown, output);
    }

    public void Dispose()
    {
        lock (_resizing)
            _side.Dispose();
    }

    private void Resize(SafeHandle input, SafeHandle output)
    {
        lock (_resizing)
        {
            // A signal that came just before the end is heard after it.
            if (!_side.IsClosed)
                (TerminalSize.Of(input) ?? TerminalSize.Of(output))?.Set(_side);
        }
    }

    /// <summary>True when the command has ended, false when nobody is there any more who types or looks.</summary>
    private bool Converse(SafeHandle input, bool isTerminal, SafeHandle output, SafeHandle ended, Portion shown)
    {
        var typed = new Portion();
        var (listens, isOpen) = (true, true);
        Span<Poll> waits = stackalloc Poll[4];
        while (true)
        {
            // Nothing is taken before what was taken last is where it belongs: a command that does not read stops who types, not what it
            // writes itself. A terminal is watched all the same, for it may be closed.
            var wanted = (short)((shown.IsEmpty ? Poll.In : 0) | (typed.IsEmpty ? 0 : Poll.Out));
            waits[0] = new(ended, Poll.In);
            waits[1] = isOpen && wanted != 0 ? new(_side, wanted) : Poll.None;
            waits[2] = shown.IsEmpty ? Poll.None : new(output, Poll.Out);
            waits[3] = listens && (typed.IsEmpty || isTerminal) ? new(input, typed.IsEmpty ? Poll.In : (short)0) : Poll.None;
            if (!Poll.Wait(waits, isOpen ? -1 : Reopened))
                isOpen = true;
            if (waits[0].IsReady)
                return true;
            if (waits[1].IsReady)
            {
                if (!typed.IsEmpty && typed.WriteTo(_side) is < 0 and not TryAgain)
                    typed.Clear();
                if (shown.IsEmpty && shown.ReadFrom(_side) is <= 0 and not TryAgain)
                    isOpen = false;
            }

            if (waits[2].IsReady && shown.WriteTo(output) is < 0 and not TryAgain)
                return false;
            if (waits[3].IsReady && typed.IsEmpty && typed.ReadFrom(input) is <= 0 and not TryAgain and var failure)
            {
                if (isTerminal && (failure < 0 || waits[3].IsHungUp))
                    return false;
                // Also of a terminal, when Ctrl-D was typed before it was in raw mode.
                typed.PutEnd();
                listens = isTerminal;
            }
            else if (waits[3].IsHungUp && isTerminal && !typed.IsEmpty)
            {
                return false;
            }
        }
    }

    /// <summary>
    /// What the command wrote before it ended is here to be read, all of it. What it left in the background may keep the terminal
    /// and write to it for ever.
    /// </summary>
    private void Finish(Portion shown, SafeHandle output)
    {
        for (var left = MostHeld; !shown.IsEmpty || (left > 0 && shown.ReadFrom(_side) > 0);)
        {
            Poll.Wait([new(output, Poll.Out)]);
            switch (shown.WriteTo(output))
            {
                case > 0 and var count:
                    left -= count;
                    break;
                case not TryAgain:
                    return;
            }
        }
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int fcntl(SafeHandle descriptor, int command, int argument);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint read(SafeHandle descriptor, byte* start, nint length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint write(SafeHandle descriptor, byte* start, nint length);

    /// <summary>Bytes on their way from one descriptor to another.</summary>
    private sealed class Portion
    {
        private const int Interrupted = 4;

        // No more than a pipe takes without waiting once poll(2) says that it takes something (PIPE_BUF).
        private readonly byte[] _bytes = new byte[4096];
        private int _start;
        private int _end;

        public bool IsEmpty => _start == _end;

        public void Clear() => _start = _end = 0;

        /// <summary>What a terminal takes for the end of the input when it is typed.</summary>
        public void PutEnd() => (_bytes[0], _start, _end) = (4, 0, 1);

        /// <summary>How many came, 0 at the end, or the error's number below zero.</summary>
        public int ReadFrom(SafeHandle descriptor)
        {
            fixed (byte* bytes = _bytes)
            {
                int count;
                do
                    count = Result(read(descriptor, bytes, _bytes.Length));
                while (count == -Interrupted);
                (_start, _end) = (0, Math.Max(count, 0));
                return count;
            }
        }

        /// <summary>How many went, or the error's number below zero.</summary>
        public int WriteTo(SafeHandle descriptor)
        {
            fixed (byte* bytes = _bytes)
            {
                int count;
                do
                    count = Result(write(descriptor, bytes + _start, _end - _start));
                while (count == -Interrupted);
                _start += Math.Max(count, 0);
                return count;
            }
        }

        private static int Result(nint count) => count >= 0 ? (int)count : -Marshal.GetLastPInvokeError();
    }
}
