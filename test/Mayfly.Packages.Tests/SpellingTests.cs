namespace Mayfly.Packages.Tests;

public sealed class SpellingTests
{
    private static readonly string[] Names = ["apache2", "dpkg", "git", "libpq5", "nginx", "nginx-common", "php", "postgresql-15", "postgresql-client-15", "redis-server", "redis-tools"];

    [Theory]
    [InlineData("nginxx", "nginx")]
    [InlineData("ngnix", "nginx")]
    [InlineData("ngin", "nginx")]
    [InlineData("mginx", "nginx")]
    [InlineData("nginx", "nginx nginx-common")]
    [InlineData("gti", "git")]
    [InlineData("phh", "php")]
    [InlineData("redis", "redis-tools redis-server")]
    [InlineData("redis-sever", "redis-server")]
    [InlineData("postgrsql-15", "postgresql-15")]
    [InlineData("libpq6", "libpq5")]
    [InlineData("quartz", "")]
    [InlineData("", "")]
    [InlineData("x", "")]
    public void Near_names_are_those_of_a_few_slips_and_then_those_with_the_word(string written, string expected) =>
        Assert.Equal(expected, string.Join(' ', Spelling.Near(Names, written)));
}
