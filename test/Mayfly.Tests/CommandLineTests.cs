using CsCheck;

namespace Mayfly.Tests;

public sealed class CommandLineTests
{
    [Theory]
    [InlineData("python3 manage.py migrate", "python3|manage.py|migrate")]
    [InlineData("  a   b ", "a|b")]
    [InlineData("sh -c 'echo \"hi there\"'", "sh|-c|echo \"hi there\"")]
    [InlineData("a \"b 'c' d\" e", "a|b 'c' d|e")]
    [InlineData(@"a\ b c", "a b|c")]
    [InlineData(@"""a\""b""", "a\"b")]
    [InlineData(@"'a\b'", @"a\b")]
    [InlineData("a '' b", "a||b")]
    public void Words_are_split_as_a_shell_would(string line, string words)
        => Assert.Equal(words.Split('|'), CommandLine.Split(line));

    [Fact]
    public void An_open_quote_is_refused_with_a_hint()
    {
        var failure = Assert.Throws<MayflyException>(() => CommandLine.Split("sh -c 'echo"));
        Assert.Contains("never closed", failure.Message);
        Assert.NotNull(failure.Hint);
    }

    [Fact]
    public void Joined_words_split_into_the_same_words()
        => Gen.String[Gen.Char["abc '\"\\$` \tä-=/"], 0, 12].Array[0, 5]
            .Sample(words => CommandLine.Split(CommandLine.Join(words)).SequenceEqual(words), seed: "0000KOIPZbF4", iter: 2000);
}
