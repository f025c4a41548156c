using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Mayfly.Linux;

/// <summary>
/// A route netlink socket: requests to the kernel about links, addresses and routes of one network namespace, see rtnetlink(7).
/// </summary>
internal sealed unsafe partial class Netlink : IDisposable
{
    private const int HeaderLength = 16;
    private const ushort Request = 1, Acknowledge = 4, Dump = 0x300;
    private readonly SafeFileHandle _socket;
    private readonly byte[] _received = new byte[64 * 1024];
    private uint _sequence;

    /// <summary>The socket belongs to the network namespace of the thread that opens it, whoever uses it later.</summary>
    public Netlink()
    {
        const int Family = 16, Raw = 3, CloseOnExec = 0x80000, Route = 0;
        var descriptor = socket(Family, Raw | CloseOnExec, Route);
        if (descriptor < 0)
            throw LinuxException.Last("socket", "netlink");
        _socket = new SafeFileHandle(descriptor, ownsHandle: true);
    }

    public void Dispose() => _socket.Dispose();

    /// <summary>Makes one change; returns when the kernel has made it.</summary>
    /// <param name="flags">NLM_F_CREATE (0x400), NLM_F_EXCL (0x200) and their kin.</param>
    /// <param name="subject">What it is about, for the error.</param>
    public void Change(ushort type, ushort flags, NetlinkMessage message, string call, string subject)
    {
        Send(type, (ushort)(Request | Acknowledge | flags), message, subject);
        foreach (var (kind, payload) in Receive())
        {
            const ushort Error = 2;
            if (kind != Error)
                continue;
            var errno = -BinaryPrimitives.ReadInt32LittleEndian(payload.Span);
            if (errno != 0)
                throw new LinuxException(call, subject, errno);
            return;
        }
    }

    /// <summary>Asks for all objects of a kind.</summary>
    /// <param name="message">The fixed part of the kind's messages, filled with zeros but for the address family.</param>
    public List<ReadOnlyMemory<byte>> List(ushort type, NetlinkMessage message, string subject)
    {
        const ushort Error = 2, Done = 3;
        Send(type, Request | Dump, message, subject);
        List<ReadOnlyMemory<byte>> objects = [];
        while (true)
        {
            foreach (var (kind, payload) in Receive())
            {
                if (kind == Done)
                    return objects;
                if (kind == Error)
                    throw new LinuxException("netlink", subject, -BinaryPrimitives.ReadInt32LittleEndian(payload.Span));
                objects.Add(payload.ToArray());
            }
        }
    }

    /// <summary>Attributes of a message behind its fixed part, by number.</summary>
    public static IEnumerable<(int Kind, ReadOnlyMemory<byte> Value)> Attributes(ReadOnlyMemory<byte> message, int fixedLength)
    {
        var rest = message[fixedLength..];
        while (rest.Length >= 4)
        {
            int length = BinaryPrimitives.ReadUInt16LittleEndian(rest.Span), kind = BinaryPrimitives.ReadUInt16LittleEndian(rest.Span[2..]) & 0x3fff;
            if (length < 4 || length > rest.Length)
                yield break;
            yield return (kind, rest[4..length]);
            rest = rest[Math.Min(rest.Length, Align(length))..];
        }
    }

    public static string Text(ReadOnlyMemory<byte> value) => Encoding.UTF8.GetString(value.Span.TrimEnd((byte)0));

    internal static int Align(int length) => (length + 3) & ~3;

    private void Send(ushort type, ushort flags, NetlinkMessage message, string subject)
    {
        var packet = new byte[HeaderLength + message.Length];
        BinaryPrimitives.WriteInt32LittleEndian(packet, packet.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(packet.AsSpan(4), type);
        BinaryPrimitives.WriteUInt16LittleEndian(packet.AsSpan(6), flags);
        BinaryPrimitives.WriteUInt32LittleEndian(packet.AsSpan(8), ++_sequence);
        message.CopyTo(packet.AsSpan(HeaderLength));
        fixed (byte* start = packet)
        {
            if (send(_socket, start, packet.Length, 0) < 0)
                throw LinuxException.Last("send netlink", subject);
        }
    }

    /// <summary>The messages of one datagram that answer the last request.</summary>
    private List<(ushort Kind, ReadOnlyMemory<byte> Payload)> Receive()
    {
        const int Interrupted = 4;
        nint length;
        fixed (byte* start = _received)
        {
            while ((length = recv(_socket, start, _received.Length, 0)) < 0)
            {
                if (Marshal.GetLastPInvokeError() != Interrupted)
                    throw LinuxException.Last("recv", "netlink");
            }
        }

        List<(ushort, ReadOnlyMemory<byte>)> messages = [];
        var rest = _received.AsMemory(0, (int)length);
        while (rest.Length >= HeaderLength)
        {
            var size = BinaryPrimitives.ReadInt32LittleEndian(rest.Span);
            if (size < HeaderLength || size > rest.Length)
                break;
            if (BinaryPrimitives.ReadUInt32LittleEndian(rest.Span[8..]) == _sequence)
                messages.Add((BinaryPrimitives.ReadUInt16LittleEndian(rest.Span[4..]), rest[HeaderLength..size]));
            rest = rest[Math.Min(rest.Length, Align(size))..];
        }

        return messages;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int socket(int domain, int type, int protocol);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint send(SafeFileHandle socket, byte* buffer, nint length, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint recv(SafeFileHandle socket, byte* buffer, nint length, int flags);
}

/// <summary>The body of a netlink message: a fixed part, then attributes that may nest, each padded to four bytes.</summary>
internal sealed class NetlinkMessage
{
    private byte[] _bytes = new byte[256];

    public int Length { get; private set; }

    /// <summary>A body with a fixed part of this many bytes, all zero but those that <paramref name="fill"/> sets.</summary>
    public NetlinkMessage(int fixedLength, Action<Span<byte>>? fill = null)
    {
        var span = Reserve(fixedLength);
        fill?.Invoke(span);
    }

    public NetlinkMessage Add(int kind, ReadOnlySpan<byte> value)
    {
        var span = Reserve(Netlink.Align(4 + value.Length));
        BinaryPrimitives.WriteUInt16LittleEndian(span, (ushort)(4 + value.Length));
        BinaryPrimitives.WriteUInt16LittleEndian(span[2..], (ushort)kind);
        value.CopyTo(span[4..]);
        return this;
    }

    public NetlinkMessage Add(int kind, string text) => Add(kind, Encoding.UTF8.GetBytes(text + "\0"));

    public NetlinkMessage Add(int kind, int number)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(bytes, number);
        return Add(kind, bytes);
    }

    /// <summary>An attribute that holds what <paramref name="inner"/> adds.</summary>
    public NetlinkMessage Nest(int kind, Action<NetlinkMessage> inner)
    {
        var start = Length;
        Reserve(4);
        inner(this);
        BinaryPrimitives.WriteUInt16LittleEndian(_bytes.AsSpan(start), (ushort)(Length - start));
        BinaryPrimitives.WriteUInt16LittleEndian(_bytes.AsSpan(start + 2), (ushort)kind);
        return this;
    }

    /// <summary>Further bytes as they are: a message inside an attribute has a fixed part of its own.</summary>
    public NetlinkMessage AddFixed(int length)
    {
        Reserve(length);
        return this;
    }

    public void CopyTo(Span<byte> destination) => _bytes.AsSpan(0, Length).CopyTo(destination);

    private Span<byte> Reserve(int length)
    {
        if (Length + length > _bytes.Length)
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, Length + length));
        var span = _bytes.AsSpan(Length, length);
        Length += length;
        return span;
    }
}
