using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace Mayfly.Linux;

/// <summary>
/// A socket at which an OCI runtime hands over the terminal that it made for a command (<c>--console-socket</c>): one connection,
/// and on it one message with the descriptor (SCM_RIGHTS, unix(7)).
/// </summary>
public sealed unsafe partial class TerminalSocket : IDisposable
{
    private readonly SafeHandle _folder;
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);

    /// <param name="folder">Where it lies. Whoever may enter that could hand over another terminal.</param>
    /// <param name="name">Its name there, for as long as it is not disposed.</param>
    /// <exception cref="SocketException">The name is taken.</exception>
    public TerminalSocket(string folder, string name)
    {
        _folder = FileHandles.OpenFolder(folder);
        try
        {
            // A socket's path may have 107 bytes; this one is short wherever the folder is.
            Path = $"/proc/{Environment.ProcessId}/fd/{_folder.DangerousGetHandle()}/{name}";
            _listener.Bind(new UnixDomainSocketEndPoint(Path));
            _listener.Listen(1);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>A path that leads to it while this process lives.</summary>
    public string Path { get; }

    /// <summary>Waits for the terminal; null when the runtime ended without having handed one over.</summary>
    /// <param name="ended">Can be read from, or reports its end, once the runtime has ended.</param>
    public PseudoTerminal? Receive(SafeHandle ended)
    {
        Span<Poll> waits = [new(_listener.SafeHandle, Poll.In), new(ended, Poll.In)];
        Poll.Wait(waits);
        if (!waits[0].IsReady)
            return null;
        using var connection = _listener.Accept();
        return ReadDescriptor(connection.SafeHandle) is { } descriptor and >= 0 ? new PseudoTerminal(descriptor) : null;
    }

    public void Dispose()
    {
        // The name goes with the socket, and is found through the folder.
        _listener.Dispose();
        _folder.Dispose();
    }

    /// <summary>The descriptor that comes with the next message, -1 when the other side closes without one.</summary>
    private static int ReadDescriptor(SafeHandle connection)
    {
        const int CloseOnExec = 0x40000000, SocketLevel = 1, Rights = 1, Interrupted = 4;
        // The runtime may say the terminal's name beside it.
        byte* text = stackalloc byte[256];
        // struct cmsghdr: its length, level and type; then the descriptor, and what fills it up to eight bytes.
        byte* control = stackalloc byte[24];
        var part = new Part { Start = text, Length = 256 };
        var message = new Message { Parts = &part, PartCount = 1, Control = control, ControlLength = 24 };
        nint count;
        while ((count = recvmsg(connection, &message, CloseOnExec)) < 0)
        {
            if (Marshal.GetLastPInvokeError() != Interrupted)
                throw LinuxException.Last("recvmsg", "console socket");
        }

        return count > 0 && message.ControlLength >= 20 && *(int*)(control + 8) == SocketLevel && *(int*)(control + 12) == Rights ? *(int*)(control + 16) : -1;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint recvmsg(SafeHandle socket, Message* message, int flags);

    /// <summary>struct iovec.</summary>
    private struct Part
    {
        public byte* Start;
        public nuint Length;
    }

    /// <summary>struct msghdr.</summary>
    private struct Message
    {
        public byte* Name;
        public int NameLength;
        public Part* Parts;
        public nuint PartCount;
        public byte* Control;
        public nuint ControlLength;
        public int Flags;
    }
}
