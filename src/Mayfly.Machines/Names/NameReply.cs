using System.Net;
using System.Runtime.CompilerServices;
using ARSoft.Tools.Net.Dns;

namespace Mayfly.Machines.Names;

/// <summary>From the bytes of a query to the bytes of its answer, without I/O (RFC 1035 section 4, RFC 6891).</summary>
internal static class NameReply
{
    /// <summary>What UDP may carry without fragments on every path (DNS flag day 2020); also what we offer in our OPT record.</summary>
    public const int LargestDatagram = 1232;

    private const int SmallestDatagram = 512;
    private const int HeaderLength = 12;

    /// <summary>
    /// Answers a query from the table.
    /// </summary>
    /// <param name="packet">The message as received; anything at all.</param>
    /// <param name="datagram">True for UDP, where the answer's size is bounded.</param>
    /// <param name="turn">Rotates equal records.</param>
    public static NameOutcome Answer(NameTable table, byte[] packet, IPAddress asker, bool datagram, uint turn)
    {
        // Never answer an answer (QR set): two servers would talk to each other for ever.
        if (packet.Length < HeaderLength || (packet[2] & 0x80) != 0)
            return NameOutcome.Ignored;
        DnsMessage query;
        try
        {
            query = DnsMessage.Parse(new ArraySegment<byte>(packet));
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            // The parser is the library's; whatever it makes of hostile bytes, the asker gets FORMERR and nobody else notices.
            return NameOutcome.Of(Bare(packet, ReturnCode.FormatError));
        }

        var reply = query.CreateResponseInstance();
        reply.IsRecursionAllowed = true;
        if (query.IsEDnsEnabled)
            reply.EDnsOptions = new OptRecord { UdpPayloadSize = LargestDatagram };
        if (query.OperationCode != OperationCode.Query)
            return Refuse(ReturnCode.NotImplemented);
        if (query.Questions.Count != 1)
            return Refuse(ReturnCode.FormatError);
        if (query.EDnsOptions is { Version: > 0 })
        {
            // BADVERS is 16: its upper bits travel in the OPT record (RFC 6891 section 6.1.3).
            return Refuse(ReturnCode.BadVersion);
        }

        var question = query.Questions[0];
        if (question.RecordClass is not (RecordClass.INet or RecordClass.Any) || question.RecordType is RecordType.Axfr or RecordType.Ixfr)
            return Refuse(ReturnCode.Refused);
        if (table.ZoneFor(asker, question.Name) is not { } zone)
            return NameOutcome.NotOurs;

        var answer = zone.Find(question.Name, question.RecordType, turn);
        reply.IsAuthoritiveAnswer = true;
        reply.ReturnCode = answer.Code;
        reply.AnswerRecords.AddRange(answer.Records);
        reply.AuthorityRecords.AddRange(answer.Authority);
        reply.AdditionalRecords.AddRange(answer.Additional);
        return Encoded();

        NameOutcome Refuse(ReturnCode code)
        {
            reply.ReturnCode = code;
            return Encoded();
        }

        NameOutcome Encoded()
        {
            var bytes = Bytes(reply);
            var room = !datagram ? ushort.MaxValue
                : query.EDnsOptions is { } options ? Math.Clamp((int)options.UdpPayloadSize, SmallestDatagram, LargestDatagram) : SmallestDatagram;
            if (bytes.Length > room)
            {
                // Additional records are a courtesy and go first without a word (RFC 2181 section 9); then the client must ask by TCP.
                reply.AdditionalRecords.RemoveAll(record => record is not OptRecord);
                bytes = Bytes(reply);
            }

            if (bytes.Length > room)
            {
                reply.IsTruncated = true;
                reply.AnswerRecords.Clear();
                reply.AuthorityRecords.Clear();
                bytes = Bytes(reply);
            }

            return NameOutcome.Of(bytes);
        }
    }

    /// <summary>An answer that only says how the query failed, made from the query's own header and question.</summary>
    public static byte[] Failure(byte[] packet, ReturnCode code)
    {
        try
        {
            var reply = DnsMessage.Parse(new ArraySegment<byte>(packet)).CreateResponseInstance();
            reply.ReturnCode = code;
            reply.IsRecursionAllowed = true;
            return Bytes(reply);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return Bare(packet, code);
        }
    }

    /// <summary>A header alone: the question could not be read, so it cannot be repeated.</summary>
    private static byte[] Bare(byte[] packet, ReturnCode code)
    {
        var reply = new byte[HeaderLength];
        packet.AsSpan(0, 2).CopyTo(reply);
        reply[2] = (byte)(0x80 | (packet[2] & 0x79));
        reply[3] = (byte)(0x80 | ((int)code & 0x0f));
        return reply;
    }

    private static byte[] Bytes(DnsMessage message) => [.. Encode(message).ToArraySegment(false)];

    /// <summary>The library's server encodes with this; it offers no public door to it, and its own server cannot be given sockets that are already open.</summary>
    [UnsafeAccessor(UnsafeAccessorKind.Method)]
    private static extern DnsRawPackage Encode(DnsMessageBase message);
}

/// <summary>What becomes of a query.</summary>
/// <param name="Reply">The answer's bytes, or null when there is none to give here.</param>
/// <param name="Forward">True when the name is none of ours.</param>
internal readonly record struct NameOutcome(byte[]? Reply, bool Forward)
{
    public static NameOutcome Ignored => default;

    public static NameOutcome NotOurs => new(null, Forward: true);

    public static NameOutcome Of(byte[] reply) => new(reply, Forward: false);
}
