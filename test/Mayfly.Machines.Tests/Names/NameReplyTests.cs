using System.Net;
using ARSoft.Tools.Net.Dns;
using CsCheck;
using Mayfly.Machines.Names;

namespace Mayfly.Machines.Tests.Names;

public sealed class NameReplyTests
{
    // RFC 1035 section 4.1: id 0x1234, RD, one question, web.shop.internal A IN.
    private static byte[] Query(string name = "web.shop.internal", int type = 1, params ReadOnlySpan<byte> more)
    {
        List<byte> bytes = [0x12, 0x34, 0x01, 0x00, 0, 1, 0, 0, 0, 0, 0, (byte)(more.Length > 0 ? 1 : 0)];
        foreach (var label in name.Split('.'))
            bytes.AddRange([(byte)label.Length, .. label.Select(c => (byte)c)]);
        bytes.AddRange([0, (byte)(type >> 8), (byte)type, 0, 1]);
        bytes.AddRange(more);
        return [.. bytes];
    }

    // RFC 6891 section 6.1.2: the root's name, type 41, size, extended code, version, flags, no data.
    private static byte[] Opt(int size, byte version = 0) => [0, 0, 41, (byte)(size >> 8), (byte)size, 0, version, 0, 0, 0, 0];

    private static byte[] Answer(byte[] query, NameTable? table = null, bool datagram = true) =>
        NameReply.Answer(table ?? ServedNames.Shop(), query, IPAddress.Loopback, datagram, 0).Reply!;

    [Fact]
    public void An_answer_keeps_the_id_and_is_authoritative()
    {
        var reply = Answer(Query());
        Assert.Equal([0x12, 0x34], reply[..2]);
        Assert.Equal(0x85, reply[2]);
        Assert.Equal(0x80, reply[3]);
        Assert.Equal(2, reply[7]);
        Assert.Contains("0A-4D-03-0B", BitConverter.ToString(reply));
    }

    [Fact]
    public void The_question_comes_back_in_the_letters_it_was_asked_in() =>
        Assert.Contains("wEb", System.Text.Encoding.ASCII.GetString(Answer(Query("wEb.shop.internal"))));

    [Fact]
    public void Too_many_records_are_truncated_by_datagram_and_whole_by_stream()
    {
        var table = ServedNames.Shop(webs: 60);
        var small = DnsMessage.Parse(Answer(Query(), table));
        Assert.True(small.IsTruncated);
        Assert.Empty(small.AnswerRecords);
        var larger = Answer(Query(more: Opt(4096)), table);
        Assert.False(DnsMessage.Parse(larger).IsTruncated);
        Assert.InRange(larger.Length, 513, 1232);
        Assert.Equal(60, DnsMessage.Parse(Answer(Query(), table, datagram: false)).AnswerRecords.Count);
    }

    [Fact]
    public void A_later_edns_version_is_refused_as_bad_version()
    {
        var reply = Answer(Query(more: Opt(1232, version: 1)));
        // BADVERS is 16: low bits in the header zero, the upper ones in the OPT record.
        Assert.Equal(0, reply[3] & 0x0f);
        Assert.Equal("00-00-29-04-D0-01-00", BitConverter.ToString(reply[^11..^4]));
    }

    [Fact]
    public void Other_names_are_passed_on() => Assert.True(NameReply.Answer(ServedNames.Shop(), Query("example.org"), IPAddress.Loopback, true, 0).Forward);

    [Fact]
    public void Other_operations_are_not_implemented()
    {
        var update = Query();
        update[2] = 0x28;
        Assert.Equal(4, Answer(update)[3] & 0x0f);
    }

    [Fact]
    public void Answers_are_never_answered()
    {
        var reply = Query();
        reply[2] |= 0x80;
        Assert.Equal(NameOutcome.Ignored, NameReply.Answer(ServedNames.Shop(), reply, IPAddress.Loopback, true, 0));
    }

    [Fact]
    public void A_pointer_that_loops_is_a_format_error()
    {
        byte[] looping = [0x12, 0x34, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0xc0, 12, 0, 1, 0, 1];
        Assert.Equal(1, Answer(looping)[3] & 0x0f);
    }

    [Fact]
    public void Any_bytes_are_survived()
    {
        var table = ServedNames.Shop();
        Gen.Byte.Array[0, 80].Sample(packet => NameReply.Answer(table, packet, IPAddress.Loopback, true, 0).Reply is not { Length: < 12 or > 1232 },
            seed: "0000KOIPe036", iter: 20_000);
    }

    [Fact]
    public void Any_damage_to_a_good_query_is_survived()
    {
        var table = ServedNames.Shop();
        var good = Query(more: Opt(1232));
        Gen.Select(Gen.Int[0, good.Length - 1], Gen.Byte, Gen.Int[0, good.Length - 1], Gen.Byte, Gen.Int[0, good.Length]).Sample((at, value, at2, value2, length) =>
        {
            var damaged = good[..];
            (damaged[at], damaged[at2]) = (value, value2);
            return NameReply.Answer(table, damaged[..length], IPAddress.Loopback, true, 0).Reply is not { Length: < 12 or > 1232 };
        }, seed: "0000KOIPe036", iter: 50_000);
    }
}
